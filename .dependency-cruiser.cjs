// Who may import whom (docs/architecture.md). A test proves that each rule fails on a tree that breaks it.
const anyTest = '\\.test\\.ts$|^test/';
/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true, dependencyTypesNot: ['type-only'] } },
    {
      name: 'no-service-imports-a-service',
      severity: 'error',
      from: { path: '^services/([^/]+)/', pathNot: anyTest },
      to: { path: '^services/', pathNot: '^services/$1/' },
    },
    {
      name: 'packages-do-not-import-services',
      severity: 'error',
      from: { path: '^packages/(?!cli/src/launch/)', pathNot: anyTest },
      to: { path: '^services/' },
    },
    {
      name: 'contract-imports-nothing-of-ours',
      severity: 'error',
      from: { path: '^packages/contract/' },
      to: { path: '^(packages/(?!contract/)|services/)' },
    },
    {
      name: 'core-is-pure',
      severity: 'error',
      from: { path: '^packages/core/', pathNot: anyTest },
      to: { dependencyTypes: ['core'] },
    },
    {
      name: 'core-imports-contract-only',
      severity: 'error',
      from: { path: '^packages/core/' },
      to: { path: '^(packages/(?!core/|contract/)|services/)' },
    },
    {
      name: 'llama-and-environments-import-core-only',
      severity: 'error',
      from: { path: '^packages/(llama|environments)/src/', pathNot: anyTest },
      to: { path: '^(packages/(?!core/|llama/|environments/)|services/)' },
    },
    {
      name: 'llama-does-not-know-environments',
      severity: 'error',
      from: { path: '^packages/llama/src/', pathNot: anyTest },
      to: { path: '^packages/environments/' },
    },
    {
      name: 'environments-do-not-know-llama',
      severity: 'error',
      from: { path: '^packages/environments/' },
      to: { path: '^packages/llama/' },
    },
    {
      name: 'sdk-imports-contract-and-core-only',
      severity: 'error',
      from: { path: '^packages/sdk/src/', pathNot: anyTest },
      to: { path: '^(packages/(?!sdk/|contract/|core/)|services/)' },
    },
    {
      name: 'nats-only-in-the-bus',
      severity: 'error',
      from: { pathNot: `^packages/runtime/src/bus/|^packages/testkit/|${anyTest}` },
      to: { path: 'node_modules/@nats-io/' },
    },
    {
      name: 'grpc-only-in-rpc-contract-sdk',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: `^packages/(runtime/src/rpc|contract|sdk)/|${anyTest}` },
      to: { path: 'node_modules/(@grpc/|grpc-health-check/)' },
    },
    {
      name: 'models-code-only-in-the-sandbox',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: `^packages/sandbox/|${anyTest}` },
      to: { path: 'node_modules/(quickjs-emscripten|@jitl/)' },
    },
    {
      name: 'sandbox-imports-core-only',
      severity: 'error',
      from: { path: '^packages/sandbox/', pathNot: anyTest },
      to: { path: '^(packages/(?!core/|sandbox/)|services/)' },
    },
    {
      name: 'native-only-in-llama',
      severity: 'error',
      from: { path: '^(packages|services)/', pathNot: `^packages/llama/|${anyTest}` },
      to: { path: 'node_modules/(node-llama-cpp|koffi)/' },
    },
    {
      name: 'truth-only-in-the-verifier',
      severity: 'error',
      from: {
        path: '^(packages|services)/',
        pathNot: `^services/verifier/|^packages/environments/|^packages/llama/scripts/|^packages/cli/src/plugin-kits\\.ts$|${anyTest}`,
      },
      to: { path: '^packages/environments/src/(truth\\.ts|[^/]+/truth\\.ts)' },
    },
    {
      name: 'truth-reaches-rewards-through-the-fence-alone',
      severity: 'error',
      from: {
        path: '^services/verifier/',
        pathNot: `^services/verifier/src/(anchors/|reward-truth\\.ts$|package-truths\\.ts$)|${anyTest}`,
      },
      to: { path: '^packages/environments/src/(truth\\.ts|[^/]+/truth\\.ts)' },
    },
    {
      name: 'step-side-does-not-know-truth',
      severity: 'error',
      from: {
        path: '^packages/environments/src/',
        pathNot: `^packages/environments/src/(truth\\.ts|[^/]+/truth\\.ts|conformance\\.ts)|${anyTest}`,
      },
      to: { path: '^packages/environments/src/(truth\\.ts|[^/]+/truth\\.ts)' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    // Of our own folders alone: some packages' entries lie in a dist of theirs.
    exclude: { path: '^(packages|services)/[^/]+/(gen|dist)/|services/gateway/web/' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default'],
      extensions: ['.ts', '.js', '.mjs', '.json'],
    },
  },
};
