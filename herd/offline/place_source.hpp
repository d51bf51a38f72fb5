#pragma once

#include "herd/offline/place_index.hpp"
#include "herd/offline/place_table.hpp"

#include <array>
#include <cassert>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace herd::offline {

inline constexpr std::size_t results_max = 20;

// Which places a search lets through. What is empty asks for nothing.
struct PlaceFilter {
    std::string_view type;     // one of the place's types
    std::string_view name;     // stands in the place's name, whatever the case of ASCII letters
    std::string_view keyword;  // likewise
    std::span<const std::string> included, excluded;                  // any of the types
    std::span<const std::string> included_primary, excluded_primary;  // the first type

    bool accepts(const Place& place) const;
};

struct PlaceQuestion {
    Coordinates centre;
    double radius_m = 0;
    std::size_t count_max = results_max;
    PlaceFilter filter;
};

// The places near somewhere, nearest first, and whose data they are.
struct FoundPlaces {
    std::array<Hit, results_max> hits{};
    std::size_t count = 0;
    std::array<bool, source_count> sources{};
};

// What both services answer from: the places, and the key that callers must know (empty: none
// needed). Borrows table and index.
class PlaceSource {
public:
    PlaceSource(const PlaceTable& table, const PlaceIndex& index, std::string_view required_key)
        : table_(table), index_(index), required_key_(required_key) {}

    FoundPlaces find(const PlaceQuestion& question) const;
    const Place& place(const Hit& hit) const {
        assert(hit.place < table_.places().size());
        return table_.places()[hit.place];
    }

    enum class Key : std::uint8_t { fine, missing, wrong };
    Key judge(std::string_view key) const;

private:
    const PlaceTable& table_;
    const PlaceIndex& index_;
    std::string required_key_;
};

// How a service can fail although nothing is wrong with the question.
enum class Outage : std::uint8_t {
    internal,     // HTTP 500
    unavailable,  // HTTP 503
    throttled,    // HTTP 429
    denied,       // in the service's own way
    over_limit,   // likewise
};

}  // namespace herd::offline
