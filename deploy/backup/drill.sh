#!/usr/bin/env bash
# Proves that a backup can be used: backs the installation up while its servers go on to work, restores the backup into an empty database,
# and verifies each of its histories offline against the newest checkpoint that was kept outside of the database before the backup. Ends
# with an error where any of that fails, and says how long each step took.
#
#   DATABASE_URL, CHANCERY_MASTER_KEY_FILE ...   the settings of the server; its database is read, and the event `backup.made` recorded
#   CHANCERY_CHECKPOINT_FILE   what the server keeps outside of the database; it is copied first, and not changed
#   BACKUP=/backup/2026-01-31  a backup that was made before; without it, one is made and removed again. The file above is then a copy from
#                              before that backup: later checkpoints are of events that it lacks
#   IDENTITY=identity.txt      the identity of age, where that backup is encrypted
#   TARGET_URL=mysql://...     the empty database; without it, an SQLite file that is removed again
#   CHANCERY                   the command: `npm run -s chancery --` in the folder of the release if unset
set -euo pipefail

: "${DATABASE_URL:?}" "${CHANCERY_CHECKPOINT_FILE:?}"
read -ra chancery <<<"${CHANCERY:-npm run -s chancery --}"
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
umask 077

step() {
  local name=$1 began=$SECONDS
  shift
  "$@"
  echo "$name: $((SECONDS - began)) s"
}

kept=$folder/kept.ndjson
cp "$CHANCERY_CHECKPOINT_FILE" "$kept"
backup=${BACKUP:-$folder/backup}
if [ -z "${BACKUP:-}" ]; then step 'backup' "${chancery[@]}" backup --to "$backup"; fi

export DATABASE_URL=${TARGET_URL:-sqlite:$folder/restored/chancery.db}
# What is signed while the restored database is looked at belongs to no history that goes on.
cp "$kept" "$folder/checkpoints.ndjson"
export CHANCERY_CHECKPOINT_FILE=$folder/checkpoints.ndjson
step 'restore' "${chancery[@]}" restore --from "$backup" ${IDENTITY:+--identity "$IDENTITY"}

# The newest checkpoint of each history, by the ids of their tenants; that of the installation has only zeros. The file has a line for each
# second in which a history grew: it is read once, and line by line. A line that was cut off, also by the copy, says nothing.
mkdir "$folder/since"
histories=$(node -e '
  const { createReadStream, writeFileSync } = require("node:fs");
  const [kept, folder] = process.argv.slice(1);
  const newest = new Map();
  const lines = require("node:readline").createInterface({ input: createReadStream(kept), crlfDelay: Infinity });
  lines.on("line", (line) => {
    const [, id] = /^"[^"\\]*\/([0-9a-f-]{36})\\n\d+\\n.*"$/.exec(line) ?? [];
    if (id) newest.set(id, line);
  });
  lines.on("close", () => {
    for (const [id, line] of newest) writeFileSync(`${folder}/${id}`, JSON.parse(line));
    console.log([...newest.keys()].join("\n"));
  });
' "$kept" "$folder/since")
for id in $histories; do
  file=$folder/$id.ndjson
  tenant=()
  case $id in *[1-9a-f]*) tenant=(--tenant "$id") ;; esac
  "${chancery[@]}" audit export "${tenant[@]}" --out "$file"
  step "$id" "${chancery[@]}" audit verify --export "$file" --since "$folder/since/$id"
  rm -f "$file"
done
echo 'The backup can be used.'
