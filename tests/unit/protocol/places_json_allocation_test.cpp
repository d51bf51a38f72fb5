#include "protocol/places_json.hpp"

#include <catch2/catch.hpp>

#include <array>
#include <cstdlib>
#include <string>

// Counts this program's calls of malloc, which operator new ends in too. The sanitizers bring
// their own malloc, so there is nothing to count under them.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HERD_COUNTS_MALLOC 0
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer)
#define HERD_COUNTS_MALLOC 0
#endif
#endif
#ifndef HERD_COUNTS_MALLOC
#define HERD_COUNTS_MALLOC 1
#endif

#if HERD_COUNTS_MALLOC

namespace {
std::size_t malloc_calls = 0;
}

extern "C" void* __libc_malloc(std::size_t size);  // NOLINT: the C library names it

extern "C" void* malloc(std::size_t size) {
    ++malloc_calls;
    return __libc_malloc(size);
}

namespace protocol {
namespace {

TEST_CASE("places_json: neither cutting nor reshaping allocates", "[protocol][places_json]") {
    static std::array<char, 1U << 20U> out;
    const std::string text(100'000, 'x');
    const std::string legacy =
        R"({"results":[{"a":")" + text + R"("},[[[[[[1.25]]]]]],3],"status":"OK"})";
    const std::string fresh = R"({"places":[{"id":")" + text + R"(","types":["a","b"]}]})";
    const std::string deep(200'000, '[');

    const std::size_t before = malloc_calls;
    // Proves that the counter sees this program at all; volatile, or clang leaves both calls out.
    void* volatile proof = std::malloc(1);
    std::free(proof);
    const std::size_t after_one = malloc_calls;
    const bool cut = cut_places(out, legacy, 2).has_value();
    const bool reshaped = reshape_new_places(out, fresh, 200).has_value();
    const bool refused = !cut_places(out, deep, 2) && !reshape_new_places(out, deep, 200);
    const bool failed = !format_places_failure(out, PlacesStatus::unknown_error, text).empty();
    const std::size_t after_all = malloc_calls;

    CHECK(after_one == before + 1);
    CHECK(after_all == after_one);
    CHECK(cut);
    CHECK(reshaped);
    CHECK(refused);
    CHECK(failed);
}

}  // namespace
}  // namespace protocol

#endif
