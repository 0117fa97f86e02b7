import { type DragEvent, useState } from 'react';

import { TextArea } from './form.js';

export interface DroppedFile {
  readonly name: string;
  readonly text: string;
  readonly base64: string;
}

interface DropTextProps {
  readonly label: string;
  readonly name: string;
  readonly value: string;
  readonly onFile: (file: DroppedFile) => void;
  readonly hint?: string;
  readonly required?: boolean;
}

/** More than any file that is asked for here. */
const FILE_BYTES_MAX = 1_048_576;

async function read(file: File): Promise<DroppedFile> {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join('');
  return { name: file.name, text: new TextDecoder().decode(bytes), base64: btoa(binary) };
}

/** A text that is pasted, dropped as a file, or chosen as one. The file is read in the browser. */
export function DropText({
  label,
  name,
  value,
  onFile,
  hint = 'Paste it, drop the file here, or choose it',
  required = true,
}: DropTextProps) {
  const [over, setOver] = useState(false);
  const take = (file: File | undefined) => {
    if (file !== undefined && file.size <= FILE_BYTES_MAX) void read(file).then(onFile);
  };
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  };
  return (
    <div
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      className={`mb-3 rounded-md ${over ? 'outline-2 outline-accent' : ''}`}
    >
      <TextArea key={value} label={label} name={name} hint={hint} defaultValue={value} required={required} />
      <input
        type="file"
        aria-label={`${label} from a file`}
        className="text-sm file:mr-2 file:rounded-md file:border file:border-line file:bg-card file:px-2 file:py-1 file:text-strong"
        onChange={({ target }) => take(target.files?.[0])}
      />
    </div>
  );
}
