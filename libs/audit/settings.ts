import { setting, text } from '#config';

/** Where the checkpoints of the histories are kept beside the database. */
export const checkpointSettings = {
  checkpointFile: setting({
    variable: 'CHANCERY_CHECKPOINT_FILE',
    fallback: './data/checkpoints.ndjson',
    parse: text,
    description:
      'File to which each signed checkpoint of a history is appended, best on another disk than the database: by it a database ' +
      'that was rolled back is recognised. `off` keeps none.',
  }),
} as const;
