import { openPlainDataSource } from './plain-data-source.js';

/** What fails, as a trigger of either dialect says it: such as `UPDATE ON certificates`, and `NEW.state = 'active'`. */
export interface FailingStatement {
  readonly event: string;
  readonly condition: string;
}

/** Makes one kind of statement fail while the work runs, by a trigger in the database. @param url of the database */
export async function whileStatementFails<T>(
  url: string,
  { event, condition }: FailingStatement,
  work: () => Promise<T>,
): Promise<T> {
  const plain = await openPlainDataSource(url);
  await plain.query(
    url.startsWith('sqlite:')
      ? `CREATE TRIGGER broken BEFORE ${event} WHEN ${condition} BEGIN SELECT RAISE(ABORT, 'broken'); END`
      : `CREATE TRIGGER broken BEFORE ${event} FOR EACH ROW
           IF ${condition} THEN SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'broken'; END IF`,
  );
  try {
    return await work();
  } finally {
    await plain.query('DROP TRIGGER broken');
    await plain.destroy();
  }
}
