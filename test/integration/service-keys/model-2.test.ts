import { compareWithModel } from './model.js';

compareWithModel(2);
