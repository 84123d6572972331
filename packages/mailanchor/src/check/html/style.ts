/** The looks of the page: light and dark, on paper too. Nothing is fetched. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#f6f7f9;--card:#fff;--ink:#1b2430;--dim:#5b6675;--line:#dfe3e9;--code:#f0f2f5;
--good:#137a43;--bad:#b3261e;--warn:#8a5a00;--plain:#2a5b9c}
@media(prefers-color-scheme:dark){:root{--bg:#12161c;--card:#1a2029;--ink:#e6eaf0;--dim:#9aa6b5;--line:#2d3643;--code:#10141a;
--good:#5fce92;--bad:#ff8a80;--warn:#f0bd5a;--plain:#8ab8f5}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}
main{max-width:60rem;margin:0 auto;padding:2rem 1rem}
header,section,.finding,.host{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:1rem 1.25rem;margin:0 0 1rem}
header{border-left:8px solid var(--tone)}
h1{font-size:1.6rem;margin:0;overflow-wrap:anywhere}
h2{font-size:1.15rem;margin:2rem 0 .75rem}
h3{font-size:1rem;margin:0 0 .5rem;overflow-wrap:anywhere}
p{margin:.35rem 0}
.dim{color:var(--dim);font-size:.9rem}
.good{--tone:var(--good)}.bad{--tone:var(--bad)}.warn{--tone:var(--warn)}.plain{--tone:var(--plain)}.dimmed{--tone:var(--dim)}
.badge{display:inline-block;padding:.1rem .6rem;border-radius:1rem;border:1px solid var(--tone);color:var(--tone);font-weight:600;font-size:.85rem}
.finding{border-left:5px solid var(--tone)}
table{border-collapse:collapse;width:100%;font-size:.9rem;margin:.5rem 0}
th,td{text-align:left;vertical-align:top;padding:.35rem .6rem .35rem 0;border-top:1px solid var(--line);overflow-wrap:anywhere}
th{color:var(--dim);font-weight:600;border-top:0}
code,pre{font:0.85rem/1.45 ui-monospace,monospace}
td .badge{white-space:nowrap}.rules td:first-child{width:9rem}.rules td:nth-child(2){width:7rem}.why{color:var(--bad)}
pre{background:var(--code);border:1px solid var(--line);border-radius:6px;padding:.6rem .8rem;overflow-x:auto;white-space:pre-wrap;
overflow-wrap:anywhere;user-select:all;margin:.5rem 0 0}
footer{color:var(--dim);font-size:.85rem;margin-top:2rem}
@media print{body{background:#fff}header,section,.finding,.host{break-inside:avoid}}
`;
