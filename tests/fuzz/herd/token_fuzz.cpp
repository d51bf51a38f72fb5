// What may come as a token: nothing that this herd has not signed is good, and what is, is written
// in one way only.
#include "herd/access/token.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <utility>

namespace token_fuzz {

namespace {

using namespace herd::access;

const Secret& secret() {
    static const Secret one = [] {
        auto parsed = Secret::parse("0123456789abcdef0123456789abcdef");
        assert(parsed);
        return std::move(*parsed);
    }();
    return one;
}

// Whether it reads as a token or not, it is not ours.
void check_text(std::string_view text) {
    assert(!check(secret(), text, 0));
    const auto claimed = claims(text);
    if (!claimed) return;
    assert(claimed->rights.any() && claimed->rights.coherent());
    assert(claimed->until_s >= 0 && claimed->until_s <= Grant::until_s_max);
    assert(Pattern::parse(claimed->pattern.text()));
    // The same grant, signed: but for the tag the same text.
    const auto token = mint(secret(), *claimed);
    assert(token);
    const std::size_t head = (10 + claimed->pattern.text().size()) * 8 / 6;
    assert((*token).size() == text.size());
    assert((*token).substr(0, head) == text.substr(0, head));
}

void check_grant(std::string_view text, std::uint8_t what) {
    const auto pattern = Pattern::parse(text);
    if (!pattern) return;
    assert(pattern->covers(*pattern));
    const Grant grant{
        .pattern = *pattern,
        .rights = {.report = (what & 1) != 0, .ask = (what & 3) != 1, .friends = (what & 6) == 6},
        .until_s = what};
    auto token = mint(secret(), grant);
    assert(token);
    const auto found = check(secret(), *token, 0);
    assert(found && *found == grant);
    char& changed = (*token)[what % (*token).size()];
    changed = static_cast<char>(changed ^ 1 << (what & 7));
    assert(!check(secret(), *token, 0));
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view bytes(reinterpret_cast<const char*>(data), size);
    check_text(bytes);
    if (size > 0) check_grant(bytes.substr(1), data[0]);
}

}  // namespace token_fuzz
