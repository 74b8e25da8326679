import { createHash } from 'node:crypto';

import { html, Markup } from './markup';
import { STYLE } from './style';

/** Nothing is loaded, nothing runs, nothing is sent; only this document's own style counts. */
function policyFor(style: string): string {
  const hash = createHash('sha256').update(style).digest('base64');
  return `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`;
}

/** An HTML document of its own: for people, without network, by day and by night. `more`: style beside what all have. */
export function page(title: string, body: Markup, more = ''): string {
  const style = STYLE + more;
  const document = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${Markup.of(policyFor(style))}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <title>${title}</title>
        ${Markup.of(`<style>${style}</style>`)}
      </head>
      <body>
        <main>${body}</main>
      </body>
    </html>`;
  return `${document.text}\n`;
}
