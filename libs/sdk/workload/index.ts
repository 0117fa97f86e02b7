export { type GithubActionsOptions, type TokenSource, githubActions, tokenFile } from './token-sources.js';
export { type WorkloadIdentityOptions, workloadIdentity } from './workload-identity.js';
