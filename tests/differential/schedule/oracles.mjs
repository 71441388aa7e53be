// What croner and cron-parser say of cron expressions: the next instant of each after another.
//
//   node oracles.mjs FOLDER <CASES
//
// FOLDER has node_modules (tools/test-node). A line of CASES is an expression, a zone and an instant in seconds, with tabs
// between them; a line of the answer croner's instant and cron-parser's in seconds, with a tab between them: "-" where
// there is none, "!" and a message where the expression is refused. Every other line begins with "offset", and is a zone
// and an instant whose distance from UTC in seconds is the answer.

import { createRequire } from "node:module";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createInterface } from "node:readline";

const folder = resolve(process.argv[2]);
const require = createRequire(pathToFileURL(`${folder}/`));
const { Cron } = await import(pathToFileURL(require.resolve("croner")));
const { CronExpressionParser } = require("cron-parser");

const in_one_line = (error) => "!" + String(error.message ?? error).replace(/\s+/g, " ");

function croner(expression, zone, seconds) {
  try {
    const next = new Cron(expression, { timezone: zone, mode: "5-part", paused: true }).nextRun(new Date(seconds * 1000));
    return next === null ? "-" : String(next.getTime() / 1000);
  } catch (error) {
    return in_one_line(error);
  }
}

function cron_parser(expression, zone, seconds) {
  try {
    const parsed = CronExpressionParser.parse(expression, { tz: zone, currentDate: new Date(seconds * 1000) });
    return String(parsed.next().getTime() / 1000);
  } catch (error) {
    return in_one_line(error);
  }
}

const formats = new Map();
function offset(zone, seconds) {
  let format = formats.get(zone);
  if (format === undefined) {
    const numeric = Object.fromEntries(["year", "month", "day", "hour", "minute", "second"].map((part) => [part, "numeric"]));
    format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...numeric });
    formats.set(zone, format);
  }
  const shown = Object.fromEntries(format.formatToParts(new Date(seconds * 1000)).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(shown.year, shown.month - 1, shown.day, shown.hour, shown.minute, shown.second) / 1000 - seconds;
}

for await (const line of createInterface({ input: process.stdin })) {
  const [expression, zone, seconds] = line.split("\t");
  if (expression === "offset") {
    console.log(offset(zone, Number(seconds)));
  } else {
    console.log(`${croner(expression, zone, Number(seconds))}\t${cron_parser(expression, zone, Number(seconds))}`);
  }
}
