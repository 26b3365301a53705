// Greedy decoding by stock llama.cpp with a LoRA adapter: greedy MODEL ADAPTER COUNT TOKEN... prints the ids of the COUNT tokens that follow.
// An ADAPTER of "-" is none. Keys and values are F32 and attention is plain, as in the engine that it is compared with.
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "ggml-backend.h"
#include "llama.h"

static int fail(const char * what) {
    fprintf(stderr, "greedy: %s\n", what);
    return 1;
}

int main(int argc, char ** argv) {
    if (argc < 5) return fail("give MODEL ADAPTER COUNT TOKEN...");
    const std::string adapter_path = argv[2];
    const int count = atoi(argv[3]);
    std::vector<llama_token> tokens;
    for (int i = 4; i < argc; i++) tokens.push_back(atoi(argv[i]));

    llama_log_set([](ggml_log_level, const char *, void *) {}, nullptr);
    ggml_backend_load_all_from_path(GGML_LIBRARIES);
    llama_backend_init();

    llama_model_params model_params = llama_model_default_params();
    model_params.n_gpu_layers = 0;
    llama_model * model = llama_model_load_from_file(argv[1], model_params);
    if (!model) return fail("the model does not load");

    llama_context_params params = llama_context_default_params();
    params.n_ctx = params.n_batch = params.n_ubatch = tokens.size() + count;
    params.n_threads = params.n_threads_batch = 1;
    params.flash_attn_type = LLAMA_FLASH_ATTN_TYPE_DISABLED;
    params.type_k = params.type_v = GGML_TYPE_F32;
    llama_context * context = llama_init_from_model(model, params);
    if (!context) return fail("no context");

    if (adapter_path != "-") {
        llama_adapter_lora * adapter = llama_adapter_lora_init(model, adapter_path.c_str());
        if (!adapter) return fail("the adapter does not load");
        float scale = 1.0f;
        if (llama_set_adapters_lora(context, &adapter, 1, &scale) != 0) return fail("the adapter does not apply");
    }

    const int vocabulary = llama_vocab_n_tokens(llama_model_get_vocab(model));
    std::vector<llama_token> pending = tokens;
    for (int i = 0; i < count; i++) {
        if (llama_decode(context, llama_batch_get_one(pending.data(), pending.size())) != 0) return fail("decoding fails");
        const float * logits = llama_get_logits_ith(context, -1);
        llama_token best = 0;
        for (llama_token token = 1; token < vocabulary; token++) {
            if (logits[token] > logits[best]) best = token;
        }
        printf("%d\n", best);
        pending = { best };
    }
    return 0;
}
