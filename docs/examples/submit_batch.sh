#!/usr/bin/env bash
# Sends a file of answers (NDJSON, a line a hospital) and prints a verdict for each line.
# Usage: CHOSA_URL=https://chosa.example CHOSA_CLIENT_ID=.. CHOSA_CLIENT_SECRET=.. submit_batch.sh SURVEY FILE
set -euo pipefail
survey=$1 file=$2

# The secret goes by standard input: arguments of a program can be seen by every user of the machine.
token=$(printf '{"client_id": "%s", "client_secret": "%s"}' "$CHOSA_CLIENT_ID" "$CHOSA_CLIENT_SECRET" |
    curl --silent --show-error --fail-with-body --json @- "$CHOSA_URL/api/v1/tokens" | sed -E 's/.*"access_token": ?"([^"]+)".*/\1/')

# The key is that of the content: whoever sends the same file again, after a broken connection, goes on where it stopped.
key=$(sha256sum "$file" | cut -d ' ' -f 1)
printf 'header = "Authorization: Bearer %s"\n' "$token" |
    curl --silent --show-error --fail-with-body --no-buffer --retry 5 --retry-all-errors --config - \
        --header "Idempotency-Key: $key" --header 'Content-Type: application/x-ndjson' --data-binary @"$file" \
        "$CHOSA_URL/api/v1/surveys/$survey/batches"
