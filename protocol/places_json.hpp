#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

// The JSON of Google Places. What leaves here is always the legacy Nearby Search shape: an object
// of html_attributions, results and status, perhaps with more.
namespace protocol {

// How a lookup went, in the terms of the legacy service.
enum class PlacesStatus : std::uint8_t {
    ok,
    zero_results,
    invalid_request,
    over_query_limit,
    request_denied,
    unknown_error,
};

// As the service spells it: "OK", "ZERO_RESULTS" and so on.
std::string_view to_text(PlacesStatus status);

// What is wrong with a body.
enum class PlacesFault : std::uint8_t {
    not_json,     // not one JSON text in UTF-8, or with a number no double can come near
    wrong_shape,  // JSON, but not of the shape that the service documents
    too_deep,     // nested beyond places_depth_max
    too_large,    // of more than places_values_max values, or what is to be written does not fit
};

// One lower-case word for logs and counters.
std::string_view to_text(PlacesFault fault);

constexpr std::size_t places_depth_max = 64;
// Of a body, so that reading one takes bounded time. An answer of 20 places has some 2,000.
constexpr std::size_t places_values_max = 10'000;

// An answer, as a view of the caller's `out`.
struct ShapedPlaces {
    std::string_view text;
    PlacesStatus status;
};

// Where an answer can be cut again without being read again, as offsets into it.
struct PlacesCuts {
    static constexpr std::size_t ends_max = 20;

    std::uint32_t begin = 0;                     // of the results, behind the bracket
    std::array<std::uint32_t, ends_max> ends{};  // of the first results
    std::uint32_t last_end = 0;                  // of the last one
    std::uint32_t end = 0;                       // of all, where the bracket closes
    std::uint32_t count = 0;                     // of all
};

// The same, cut; without cuts, as of a failure, there is nothing to be cut.
struct CutPlaces {
    std::string_view text;
    PlacesStatus status = PlacesStatus::unknown_error;
    PlacesCuts cuts{};
};

// Cuts the results of a legacy answer to the first `bound`. All else stays as the service sent it,
// byte for byte, except that each run of newlines becomes one, that none leads (it would follow
// the newline of the line before), and that no white space trails. An answer must have exactly one
// status and one array of results; a status nobody documents counts as unknown_error. An `out` as
// large as the body always suffices; they must not overlap.
std::expected<CutPlaces, PlacesFault> cut_places(std::span<char> out,
                                                 std::string_view body,
                                                 std::uint32_t bound);

// What cutting that answer's body to `bound`, at most ends_max, would give. An `out` as large as
// its text always suffices.
std::string_view cut_again(std::span<char> out, const CutPlaces& answer, std::uint32_t bound);

// Brings an answer of Places API (New), good or bad, into the legacy shape. `http_status` is what
// it came with. Numbers and strings keep their spelling; fields that are absent stay so.
// places_reshaped_size_max says how large `out` need be; they must not overlap.
std::expected<ShapedPlaces, PlacesFault> reshape_new_places(std::span<char> out,
                                                            std::string_view body,
                                                            std::uint32_t http_status);

// What reshaping makes of a body at most: the layout costs more than what it replaces only where
// places are nearly empty, by less than this factor.
constexpr std::size_t places_reshaped_size_max(std::size_t body_size) {
    return 256 + 8 * body_size;
}

constexpr std::size_t places_failure_size_min = 256;

// An answer of ours: no results, for this reason. Invalid UTF-8 in the message is replaced by
// U+FFFD, an empty message left out. `out` must hold places_failure_size_min; what of the message
// then does not fit is cut off. The view is of `out`, the message must not overlap it.
std::string_view format_places_failure(std::span<char> out,
                                       PlacesStatus status,
                                       std::string_view message);

// The same without a message.
std::string_view format_no_places(std::span<char> out, PlacesStatus status);

}  // namespace protocol
