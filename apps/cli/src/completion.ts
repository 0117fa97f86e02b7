import type { Command } from 'commander';

/** What may follow a command: its commands, or its options. */
interface Place {
  /** ` credentials list`: the words that lead there. */
  readonly path: string;
  readonly words: readonly string[];
  /** The values of options that have some to choose from. */
  readonly values: readonly (readonly [option: string, choices: readonly string[]])[];
}

export const shells = ['bash', 'zsh'] as const;
export type Shell = (typeof shells)[number];

/** Everything that can be typed, from the commands themselves. */
function placesOf(command: Command, path = ''): Place[] {
  const help = command.createHelp();
  const commands = help.visibleCommands(command).filter((one) => one.name() !== 'help');
  const options = help.visibleOptions(command);
  const place: Place = {
    path,
    words: [
      ...commands.flatMap((one) => [one.name(), ...one.aliases()]),
      ...command.registeredArguments.flatMap(({ argChoices = [] }) => argChoices),
      ...options.flatMap(({ long }) => long ?? []),
    ],
    values: options.flatMap(({ long, argChoices = [] }) =>
      long === undefined || long === null || argChoices.length === 0 ? [] : [[long, argChoices] as const],
    ),
  };
  const below = commands.flatMap((one) =>
    [one.name(), ...one.aliases()].flatMap((name) => placesOf(one, `${path} ${name}`)),
  );
  return [place, ...below];
}

/**
 * A script for the shell that completes the command line. It has all words in itself, evaluates nothing of what was typed and
 * starts no process. Where a value is free, the shell offers files.
 */
export function completionScript(root: Command, shell: Shell): string {
  const places = placesOf(root);
  const name = root.name();
  const known = places.filter(({ path }) => path !== '').map(({ path }) => quoted(path));
  const values = places.flatMap((place) =>
    place.values.map(([option, choices]) => `    ${quoted(`${place.path}|${option}`)}) offered=${list(choices)} ;;`),
  );
  const words = places.map((place) => `      ${quoted(place.path)}) offered=${list(place.words)} ;;`);
  // `path` and `words` are variables of zsh itself.
  const lines = [
    `_${name}() {`,
    `  local current="\${COMP_WORDS[$COMP_CWORD]}" previous='' place='' offered='' word='' index=1`,
    `  while [ "$index" -lt "$COMP_CWORD" ]; do`,
    `    word="\${COMP_WORDS[$index]}"`,
    `    case "$place $word" in`,
    `      ${known.join('|')}) place="$place $word" ;;`,
    `    esac`,
    `    previous="$word"`,
    `    index=$((index + 1))`,
    `  done`,
    `  case "$place|$previous" in`,
    ...values,
    `  esac`,
    `  if [ -z "$offered" ]; then`,
    `    case "$place" in`,
    ...words,
    `    esac`,
    `  fi`,
    `  COMPREPLY=($(compgen -W "$offered" -- "$current"))`,
    `}`,
    `complete -o default -F _${name} ${name}`,
  ];
  const before = shell === 'zsh' ? ['autoload -U +X bashcompinit && bashcompinit'] : [];
  return `${[...before, ...lines].join('\n')}\n`;
}

const quoted = (text: string): string => `'${text}'`;
const list = (words: readonly string[]): string => quoted(words.join(' '));
