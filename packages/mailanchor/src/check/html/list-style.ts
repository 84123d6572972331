/** What a page of a list needs beside the style of every page. */
export const LIST_STYLE = `
main>input{position:absolute;opacity:0;pointer-events:none}
.filters{display:flex;flex-wrap:wrap;gap:.4rem;align-items:center}
label{border:1px solid var(--line);border-radius:1rem;padding:.1rem .7rem;cursor:pointer;font-size:.9rem}
label strong{color:var(--tone,inherit)}
.t{content-visibility:auto;contain-intrinsic-size:auto 2.8rem;border:1px solid var(--line);border-left:6px solid var(--tone);border-radius:6px;
background:var(--card);margin:0 0 .35rem;padding:.4rem .75rem}
summary{cursor:pointer;overflow-wrap:anywhere}
.t[open]>summary{margin:0 0 .75rem;border-bottom:1px solid var(--line);padding:0 0 .4rem}
@media print{.t{content-visibility:visible;break-inside:avoid}main>input,.filters label[for=all]{display:none}}
`;
