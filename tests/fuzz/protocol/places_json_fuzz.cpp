#include "protocol/places_json.hpp"

#include <cassert>
#include <cstdint>
#include <string>
#include <vector>

namespace places_json_fuzz {

namespace {

using namespace protocol;

void check_text(std::string_view text) {
    assert(!text.empty());
    assert(text.front() != '\n');
    assert(text.back() == '}');
    assert(text.find("\n\n") == std::string_view::npos);
}

void check_cut(std::string_view body, std::uint32_t bound) {
    std::vector<char> out(body.size());
    const auto answer = cut_places(out, body, bound);
    if (!answer) {
        assert(answer.error() != PlacesFault::too_large);
        return;
    }
    check_text(answer->text);

    std::vector<char> again_out(answer->text.size());
    const auto again = cut_places(again_out, answer->text, bound);
    assert(again);
    assert(again->text == answer->text);
    assert(again->status == answer->status);

    // Cutting in steps or at once is the same.
    std::vector<char> wide_out(body.size());
    const auto wide = cut_places(wide_out, body, bound + 1);
    assert(wide);
    const auto narrowed = cut_places(again_out, wide->text, bound);
    assert(narrowed);
    assert(narrowed->text == answer->text);
    assert(cut_again(again_out, *wide, bound) == answer->text);

    std::vector<char> short_out(answer->text.size() - 1);
    assert(cut_places(short_out, body, bound).error() == PlacesFault::too_large);
}

// What reshaping writes is a legacy answer of the same status, laid out as cutting leaves it.
void check_reshape(std::string_view body, std::uint32_t http_status) {
    std::vector<char> out(places_reshaped_size_max(body.size()));
    const auto answer = reshape_new_places(out, body, http_status);
    if (!answer) {
        assert(answer.error() != PlacesFault::too_large);
        return;
    }
    check_text(answer->text);
    std::vector<char> cut_out(answer->text.size());
    const auto cut = cut_places(cut_out, answer->text, 1'000'000);
    assert(cut);
    assert(cut->text == answer->text);
    assert(cut->status == answer->status);
    std::vector<char> short_out(answer->text.size() - 1);
    assert(reshape_new_places(short_out, body, http_status).error() == PlacesFault::too_large);
}

void check_failure(std::string_view message, std::size_t size) {
    std::vector<char> out(places_failure_size_min + size);
    const auto text = format_places_failure(out, PlacesStatus::request_denied, message);
    check_text(text);
    std::vector<char> cut_out(text.size());
    const auto cut = cut_places(cut_out, text, 0);
    assert(cut);
    assert(cut->text == text);
    assert(cut->status == PlacesStatus::request_denied);
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return;
    const std::uint8_t choice = data[0];
    const std::string_view body(reinterpret_cast<const char*>(data) + 1, size - 1);
    check_cut(body, choice % 4);
    check_reshape(body, choice % 2 == 0 ? 200 : 300U + choice);
    check_failure(body, choice);
}

}  // namespace places_json_fuzz
