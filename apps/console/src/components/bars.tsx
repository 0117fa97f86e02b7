interface BarsProps {
  /** What is counted, with the numbers, for those who do not see them. */
  readonly label: string;
  readonly counts: readonly number[];
}

const WIDTH = 10;
const HEIGHT = 40;

/** A small chart of counts, one bar each. */
export function Bars({ label, counts }: BarsProps) {
  const most = Math.max(1, ...counts);
  return (
    <svg
      role="img"
      aria-label={`${label}: ${counts.join(', ')}`}
      viewBox={`0 0 ${counts.length * WIDTH} ${HEIGHT}`}
      preserveAspectRatio="none"
      className="mt-2 h-10 w-full max-w-2xl"
    >
      {counts.map((count, index) => {
        const height = ((HEIGHT - 2) * count) / most + 1;
        return (
          <rect
            key={`${index} of ${counts.length}`}
            x={index * WIDTH + 1}
            y={HEIGHT - height}
            width={WIDTH - 2}
            height={height}
            className={count === 0 ? 'fill-line' : 'fill-accent'}
          />
        );
      })}
    </svg>
  );
}
