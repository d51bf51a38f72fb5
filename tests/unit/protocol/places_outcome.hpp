#pragma once

#include "protocol/places_json.hpp"

#include <cstdint>
#include <expected>
#include <ostream>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

// What the tests of the Places JSON share.
namespace protocol {

// The text and the fault or status, as one string: easy to compare and to read when it differs.
struct Outcome {
    std::string text;
    std::string word;

    friend bool operator==(const Outcome&, const Outcome&) = default;
    friend std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
        return out << outcome.word << ": " << outcome.text;
    }
};

template <class Answer>
Outcome to_outcome(const std::expected<Answer, PlacesFault>& answer) {
    if (!answer) return {"", std::string(to_text(answer.error()))};
    return {std::string(answer->text), std::string(to_text(answer->status))};
}

inline Outcome cut(std::string_view body, std::uint32_t bound, std::size_t out_size) {
    std::vector<char> out(out_size);
    // In a buffer of its own, so that the sanitizer sees a read behind the end.
    const std::vector<char> exact(body.begin(), body.end());
    return to_outcome(cut_places(out, {exact.data(), exact.size()}, bound));
}

// Cut to `first`, and what that gives to `bound`, without being read again.
inline std::string cut_twice(std::string_view body, std::uint32_t first, std::uint32_t bound) {
    std::vector<char> out(body.size());
    const auto answer = cut_places(out, body, first);
    if (!answer) return std::string(to_text(answer.error()));
    std::vector<char> again(answer->text.size());
    return std::string(cut_again(again, *answer, bound));
}

inline Outcome cut(std::string_view body, std::uint32_t bound) {
    return cut(body, bound, body.size());
}

inline Outcome reshape(std::string_view body, std::uint32_t http_status = 200) {
    std::vector<char> out(places_reshaped_size_max(body.size()));
    const std::vector<char> exact(body.begin(), body.end());
    return to_outcome(reshape_new_places(out, {exact.data(), exact.size()}, http_status));
}

inline std::string with_results(std::string_view results) {
    return R"({"html_attributions":[],"results":)" + std::string(results) + R"(,"status":"OK"})";
}

inline Outcome ok(std::string text) {
    return {std::move(text), "OK"};
}
inline const Outcome not_json = {"", "not_json"};
inline const Outcome wrong_shape = {"", "wrong_shape"};
inline const Outcome too_deep = {"", "too_deep"};
inline const Outcome too_large = {"", "too_large"};

}  // namespace protocol
