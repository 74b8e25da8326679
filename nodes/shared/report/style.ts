/** How a report looks: by day and by night, without anything from a network. */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --text: #1c2430; --quiet: #5a6675; --line: #dde2e9;
  --good: #0a7a45; --goodSoft: #e2f5ea; --bad: #b42318; --badSoft: #fdeceb; --note: #8a5a00; --noteSoft: #fdf3dc;
  --bar: #e8590c; --track: #eceff3; --code: #f1f3f6;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #14181e; --card: #1d232b; --text: #e6eaf0; --quiet: #9aa6b5; --line: #333c48;
    --good: #5fd39a; --goodSoft: #17352a; --bad: #ff8a7e; --badSoft: #3d1f1e; --note: #f0c05a; --noteSoft: #372c14;
    --bar: #ff8a4c; --track: #2a323d; --code: #151a20;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1rem 3rem; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif;
}
main { max-width: 60rem; margin: 0 auto; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 0 0 .75rem; font-size: 1.05rem; }
h3 { margin: 0 0 .5rem; font-size: .85rem; color: var(--quiet); font-weight: 600; }
p { margin: .25rem 0; overflow-wrap: anywhere; }
header, section {
  margin-bottom: 1rem; padding: 1.25rem 1.5rem; background: var(--card);
  border: 1px solid var(--line); border-radius: 10px;
}
header.good { border-left: 6px solid var(--good); }
header.bad { border-left: 6px solid var(--bad); }
header.note { border-left: 6px solid var(--note); }
.quiet { color: var(--quiet); }
.good { color: var(--good); } .bad { color: var(--bad); }
header.good, header.bad, header.note { color: var(--text); }
.notice { margin-top: .75rem; padding: .6rem .8rem; border-radius: 6px; background: var(--noteSoft); color: var(--note); }
.pair { display: grid; grid-template-columns: repeat(auto-fit, minmax(17rem, 1fr)); gap: 1.25rem 2rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem .9rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
code, pre { font: 13px/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; }
code { overflow-wrap: anywhere; }
pre {
  margin: .5rem 0 0; padding: .7rem .9rem; max-height: 28rem; overflow: auto; white-space: pre-wrap;
  overflow-wrap: anywhere; background: var(--code); border: 1px solid var(--line); border-radius: 6px;
}
table { width: 100%; border-collapse: collapse; }
th { padding: .25rem .5rem; text-align: left; font-size: .85rem; font-weight: 600; color: var(--quiet); }
td { padding: .35rem .5rem; border-top: 1px solid var(--line); vertical-align: top; overflow-wrap: anywhere; }
th:first-child, td:first-child { padding-left: 0; } th:last-child, td:last-child { padding-right: 0; }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
.timeline td:first-child { width: 34%; } .timeline td:nth-child(2) { width: 48%; vertical-align: middle; }
.track { height: 10px; border-radius: 3px; overflow: hidden; background: var(--track); }
.bar { height: 10px; min-width: 3px; border-radius: 3px; background: var(--bar); } .bad .bar { background: var(--bad); }
.check { padding: .6rem 0; border-top: 1px solid var(--line); }
h2 + .check { border-top: 0; padding-top: 0; }
.badge {
  display: inline-block; min-width: 8.2rem; margin-right: .6rem; padding: .05rem .6rem; border-radius: 99px;
  font-size: .82rem; font-weight: 600; text-align: center;
}
.badge.good { background: var(--goodSoft); } .badge.bad { background: var(--badSoft); }
summary { cursor: pointer; color: var(--quiet); }
.check details { margin-top: .35rem; }
.timeline tr:first-child td { border-top: 0; }
.files { margin: .4rem 0 .9rem; padding: 0; list-style: none; columns: 2 20rem; }
.files li { break-inside: avoid; }
footer { color: var(--quiet); font-size: .85rem; overflow-wrap: anywhere; }
@media print { body { padding: 0; background: none; } pre { max-height: none; } }
`;
