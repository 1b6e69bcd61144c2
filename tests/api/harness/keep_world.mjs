// Makes the world of a run, with which its servers start: keep_world.mjs FOLDER
import { makeScratch } from './scratch.mjs';
import { keepWorld } from './world.mjs';

const scratch = makeScratch();
try {
  keepWorld(scratch, process.argv[2]);
} finally {
  scratch.remove();
}
