#!/usr/bin/env python3
"""Draws docs/images/demo.svg: a terminal with what a real run printed.

    python3 tools/picture.py --dray build/release/dray      runs the program on the sample and draws that
    some-command | python3 tools/picture.py -               draws the text it is given

Lines that begin with "$ " are commands. What differs from run to run (times, rates, run ids, directories) is replaced
or left out, so that the picture changes only when the output does. A long table of collections is shortened, visibly.
"""

import argparse
import html
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SAMPLE = ROOT / "examples/shop-logs/segment-logs/kWebShop01"

QUERY = (
    "select context_campaign_name as campaign, count(*) as views, count(distinct anonymous_id) as visitors "
    "from shop.pages where context_campaign_name is not null group by all order by views desc, campaign limit 4"
)
COMMANDS = [
    ["dray", "sync", "./shop-logs", "duckdb:kestrel.duckdb", "--source", "shop"],
    ["dray", "query", "duckdb:kestrel.duckdb", QUERY],
    ["dray", "sync", "./shop-logs", "duckdb:kestrel.duckdb", "--source", "shop"],
]

COLUMNS = 100  # as wide as a README is on a common screen
COLLECTIONS_SHOWN = 10

FONT_SIZE = 14
CELL_WIDTH = 8.4
LINE_HEIGHT = 20
MARGIN = 20
BAR_HEIGHT = 36

COLOURS = {
    "background": "#11151c",
    "bar": "#1c222c",
    "text": "#d5dae3",
    "dim": "#7f8a9a",
    "prompt": "#6fbf8b",
    "command": "#f2f4f8",
    "good": "#6fbf8b",
    "warn": "#e0b15e",
}
BUTTONS = ("#e0645c", "#e0b15e", "#6fbf8b")
FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"


def run_sample(program: Path) -> str:
    """Runs COMMANDS on a copy of the sample in a directory of its own."""
    with tempfile.TemporaryDirectory() as directory:
        shutil.copytree(SAMPLE, Path(directory, "shop-logs"))
        parts = []
        for command in COMMANDS:
            arguments = [str(program.resolve()), *command[1:]]
            if command[1] == "sync":
                arguments.append("--no-progress")
            done = subprocess.run(arguments, cwd=directory, capture_output=True, text=True, check=False)
            if done.returncode != 0:
                raise SystemExit(f"picture: {shlex.join(command)} exited with {done.returncode}:\n{done.stderr}")
            parts.append("$ " + typed(command) + "\n" + done.stdout)
        text = "\n".join(part.rstrip("\n") + "\n" for part in parts)
        for name in {directory, str(Path(directory).resolve())}:
            text = text.replace(name + "/", "./")
        return text


def typed(command: list) -> str:
    """As a person types it: a statement in double quotes, everything else bare."""
    return " ".join(f'"{word}"' if " " in word else word for word in command)


def normalise(text: str) -> str:
    text = re.sub(r"\x1b\[[0-9;]*[A-Za-z]", "", text).replace("\r", "")
    for number, run_id in enumerate(dict.fromkeys(re.findall(r"\(run ([^)\s]+)\)", text)), start=1):
        text = text.replace(run_id, f"20261102T030000Z-{number}")
    # "... in 1.2 s, 10,288 lines/s, 14 MB/s": no machine's speed is everybody's.
    text = re.sub(r" in [\d.,]+ ?[a-zµ]+(?: [\d.,]+ ?[a-z]+)*, [\d,.]+ lines/s, [\d,.]+ ?[kKMGT]?i?B/s", "", text)
    return text


def shorten_collections(lines: list) -> list:
    out, at = [], 0
    while at < len(lines):
        out.append(lines[at])
        at += 1
        if not re.match(r"collection\s+rows\b", out[-1]):
            continue
        end = at
        while end < len(lines) and lines[end].strip():
            end += 1
        rows = lines[at:end]
        if len(rows) > COLLECTIONS_SHOWN + 1:
            more = len(rows) - COLLECTIONS_SHOWN
            rows = rows[:COLLECTIONS_SHOWN] + [f"… {more} more, not in this picture"]
        out += rows
        at = end
    return out


def width(text: str) -> int:
    return sum(
        0 if unicodedata.combining(c) or c in "\u200d\ufe0f" else 2 if unicodedata.east_asian_width(c) in "WF" else 1
        for c in text
    )


def wrap(line: str) -> list:
    """Breaks at blanks; what follows is indented by two. Tables are left to lie on one line."""
    if width(line) <= COLUMNS:
        return [line]
    out, rest = [], line
    while width(rest) > COLUMNS:
        cut = rest.rfind(" ", 3, COLUMNS)
        if cut <= 3:
            cut = COLUMNS
        out.append(rest[:cut].rstrip())
        rest = "  " + rest[cut:].lstrip()
    return out + [rest]


def parts_of(line: str, in_command: bool) -> list:
    """(colour, text) of one line."""
    if line.startswith("$ "):
        return [("prompt", "$ "), ("command", line[2:])]
    if in_command:
        return [("command", line)]
    if line.startswith("… ") or re.match(r"\(\d[\d,]* rows?\)$", line):
        return [("dim", line)]
    if line.startswith("notice:"):
        return [("warn", "notice:"), ("text", line[len("notice:") :])]
    status = re.match(r"(.*: )(success|partial|failure)\b(.*)$", line)
    if status:
        colour = "good" if status[2] == "success" else "warn"
        return [("text", status[1]), (colour, status[2]), ("dim", status[3])]
    if re.match(r"collection\s+rows\b", line):
        return [("dim", line)]
    return [("text", line)]


def svg_line(parts: list, y: float) -> str:
    text = "".join(part for _, part in parts)
    if not text.strip():
        return ""
    # textLength holds the columns in place, whichever of the fonts there is.
    spans = "".join(
        f'<tspan fill="{COLOURS[colour]}">{html.escape(part, quote=False)}</tspan>' for colour, part in parts if part
    )
    return (
        f'  <text x="{MARGIN}" y="{y:g}" textLength="{width(text) * CELL_WIDTH:.1f}" '
        f'xml:space="preserve">{spans}</text>\n'
    )


def draw(text: str, title: str) -> str:
    lines = []  # (line, whether it belongs to a command)
    for line in shorten_collections(normalise(text).rstrip("\n").split("\n")):
        lines += [(piece, line.startswith("$ ")) for piece in wrap(line.rstrip())]
    columns = max([COLUMNS] + [width(line) for line, _ in lines])
    picture_width = 2 * MARGIN + columns * CELL_WIDTH
    picture_height = BAR_HEIGHT + 2 * MARGIN + len(lines) * LINE_HEIGHT
    commands = ", then ".join(line[2:] for line in text.split("\n") if line.startswith("$ "))
    out = (
        f'<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-labelledby="title description" '
        f'viewBox="0 0 {picture_width:g} {picture_height:g}" '
        f'width="{picture_width:g}" height="{picture_height:g}" '
        f'font-family="{FONTS}" font-size="{FONT_SIZE}">\n'
        f'  <title id="title">{html.escape(title, quote=False)}</title>\n'
        f'  <desc id="description">A terminal: {html.escape(commands, quote=False)}</desc>\n'
        f'  <rect width="100%" height="100%" rx="10" fill="{COLOURS["background"]}"/>\n'
        f'  <path d="M0 {BAR_HEIGHT}V10a10 10 0 0 1 10-10H{picture_width - 10:g}a10 10 0 0 1 10 10V{BAR_HEIGHT}z" '
        f'fill="{COLOURS["bar"]}"/>\n'
    )
    for number, colour in enumerate(BUTTONS):
        out += f'  <circle cx="{MARGIN + 4 + 20 * number}" cy="{BAR_HEIGHT // 2}" r="6" fill="{colour}"/>\n'
    for number, (line, in_command) in enumerate(lines):
        y = BAR_HEIGHT + MARGIN + number * LINE_HEIGHT + FONT_SIZE
        out += svg_line(parts_of(line, in_command), y)
    return out + "</svg>\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("input", nargs="?", choices=["-"], help="draw standard input instead of running anything")
    parser.add_argument("--dray", type=Path, default=ROOT / "build/release/dray", help="the program to run")
    parser.add_argument("--output", type=Path, default=ROOT / "docs/images/demo.svg")
    parser.add_argument("--title", default="Dray loads one day of raw events into DuckDB and answers a question")
    options = parser.parse_args()
    if options.input is None and not options.dray.exists():
        raise SystemExit(f"picture: no program at {options.dray}; build it with: make build")
    text = sys.stdin.read() if options.input == "-" else run_sample(options.dray)
    options.output.parent.mkdir(parents=True, exist_ok=True)
    options.output.write_text(draw(text, options.title), encoding="utf-8")
    print(options.output)


if __name__ == "__main__":
    main()
