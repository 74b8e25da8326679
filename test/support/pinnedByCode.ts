/** A test that imports this first has the base paths that it lays out by hand pinned by code. */
import { pinIn } from './base-path';

pinIn('code');
