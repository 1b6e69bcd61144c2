// Makes the world of a run: keep_world.mjs FOLDER
import { makeScratch } from '../../api/harness/scratch.mjs';
import { keepWorld } from '../../api/harness/world.mjs';

const scratch = makeScratch();
try {
  keepWorld(scratch, process.argv[2]);
} finally {
  scratch.remove();
}
