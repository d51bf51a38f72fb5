#include "herd/wiping.hpp"

#include <algorithm>
#include <cassert>
#include <cstddef>
#include <cstdlib>
#include <cstring>

#include <malloc.h>
#include <openssl/crypto.h>

namespace herd {

namespace {

thread_local int wiping = 0;

void* take(std::size_t size, const char*, int) {
    return std::malloc(size);
}

void give_back(void* bytes, const char*, int) {
    if (wiping > 0 && bytes != nullptr) OPENSSL_cleanse(bytes, malloc_usable_size(bytes));
    std::free(bytes);
}

// What moves leaves a copy behind.
void* resize(void* bytes, std::size_t size, const char* file, int line) {
    if (wiping == 0 || bytes == nullptr) return std::realloc(bytes, size);
    void* const moved = std::malloc(size);
    if (moved == nullptr) return nullptr;
    std::memcpy(moved, bytes, std::min(size, malloc_usable_size(bytes)));
    give_back(bytes, file, line);
    return moved;
}

[[gnu::constructor]] void tell_openssl() {
    [[maybe_unused]] const int told = CRYPTO_set_mem_functions(take, resize, give_back);
    assert(told == 1);
}

}  // namespace

Wiping::Wiping() {
    ++wiping;
}

Wiping::~Wiping() {
    --wiping;
}

}  // namespace herd
