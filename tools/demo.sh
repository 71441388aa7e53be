#!/usr/bin/env bash
# Loads the sample shop of examples/ into a fresh DuckDB file and looks at what came of it.
#
#   tools/demo.sh          (make demo builds the program first)
#
# DRAY names another binary. Everything is written to build/demo; the source tree stays as it is.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

dray=${DRAY:-build/release/dray}
directory=build/demo
database=$directory/kestrel.duckdb
warehouse=duckdb:$database
logs=examples/shop-logs/segment-logs

if [[ ! -x $dray ]]; then
  echo "demo: no program at $dray; build it with: make build" >&2
  exit 1
fi

bold='' plain=''
if [[ -t 1 && -z ${NO_COLOR:-} && ${TERM:-dumb} != dumb ]]; then
  bold=$'\033[1m' plain=$'\033[0m'
fi

heading() {
  printf '\n%s== %s%s\n\n' "$bold" "$1" "$plain"
}

# Shows a command as one would type it, then runs it.
run() {
  printf '%s$%s%s\n' "$bold" "$(printf ' %q' "$@")" "$plain"
  "$@"
}

sync_all() {
  run "$dray" sync "$logs/kWebShop01" "$warehouse" --source shop --no-progress
  echo
  run "$dray" sync "$logs/kBackend02" "$warehouse" --source backend --no-progress
}

# The sources' tables with their rows, counted. The names need no quotes: Dray makes them of a-z, 0-9 and '_'.
show_tables() {
  local sql='' schema table columns
  while IFS=, read -r schema table columns; do
    [[ -n $schema ]] || continue
    sql+="${sql:+ union all }select '$schema' as schema, '$table' as \"table\", count(*) as \"rows\","
    sql+=" $columns as \"columns\" from $schema.$table"
  done < <("$dray" query "$warehouse" --csv "select schema_name, table_name, column_count from duckdb_tables()
    where schema_name in ('shop', 'backend') order by all" | tail -n +2 | tr -d '\r')
  if [[ -z $sql ]]; then
    echo "demo: the warehouse has no tables; this should not be" >&2
    return 1
  fi
  "$dray" query "$warehouse" "select * from ($sql) order by schema desc, \"rows\" desc, \"table\""
}

mkdir -p "$directory"
rm -rf "$database" "$database".*

heading "One day of raw events from a coffee shop, loaded into $database"
sync_all

heading 'The tables'
show_tables

for file in examples/queries/*.sql; do
  # The first line is the question. Comment lines go, so that the statement does not look like an option.
  question=$(sed -n '1s/^-- *//p' "$file")
  heading "${question:-$file}"
  "$dray" query "$warehouse" "$(sed '/^--/d' "$file")"
  printf '\n(%s)\n' "$file"
done

heading 'The same again: what is loaded is not loaded twice'
sync_all

heading 'What to try next'
cat <<END
What ran, and what needs a hand:
  $dray status --warehouse $warehouse
What did not get in, by reason, and each with its place in the raw logs:
  $dray rejects list --warehouse $warehouse
  $dray rejects show --warehouse $warehouse
The columns of a table:
  $dray query $warehouse 'describe shop.order_completed'
Your own logs:
  $dray sync ./your-logs duckdb:$directory/yours.duckdb
END
