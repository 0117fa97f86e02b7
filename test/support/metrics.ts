/** One line of an exposition. */
export interface Series {
  /** With its labels, as Prometheus writes them: `chancery_sealed{a="b"}`. */
  readonly id: string;
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (-?[\d.e+-]+|NaN|Nan|[+-]Inf)$/;
const LABEL = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"/g;

/** The series of an exposition. @throws Error for a line that is not of the text format of Prometheus */
export function parseExposition(text: string): Series[] {
  if (!text.endsWith('\n')) throw new Error('The last line does not end');
  return text.split('\n').flatMap((line) => {
    if (line === '' || /^# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+$/.test(line)) return [];
    const [all, name = '', braces = '', value = ''] = LINE.exec(line) ?? [];
    if (all === undefined) throw new Error(`This is no line of an exposition: ${line}`);
    const labels = Object.fromEntries([...braces.matchAll(LABEL)].map(([, label, text]) => [label, text]));
    return [{ id: name + braces, name, labels, value: Number(value) }];
  });
}

/** The metric that a series belongs to: that of the buckets, the sum and the count of a histogram is the histogram. */
export const metricOf = (name: string, isHistogram: (name: string) => boolean): string => {
  const histogram = name.replace(/_(bucket|sum|count)$/, '');
  return isHistogram(histogram) ? histogram : name;
};
