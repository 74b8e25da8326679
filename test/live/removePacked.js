/** Jest's `globalTeardown`: takes away what `pack` made. */
const fs = require('node:fs');
const path = require('node:path');

module.exports = function removePacked() {
  fs.rmSync(path.dirname(process.env.HOT_DEPLOY_PACKED), { recursive: true, force: true });
};
