import { compareWithModel } from './model.js';

compareWithModel(4);
