/** A test that imports this first has the base paths that it lays out by hand pinned in place. */
import { pinIn } from './base-path';

pinIn('place');
