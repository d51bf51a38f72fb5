#pragma once

#include "herd/offline/place_index.hpp"
#include "herd/offline/place_source.hpp"
#include "herd/offline/place_table.hpp"

#include <catch2/catch.hpp>

#include <string>
#include <utility>

namespace offline_test {

// The project's own tables, loaded once per test program.
struct RealPlaces {
    herd::offline::PlaceTable table = load();
    herd::offline::PlaceIndex index{table};
    herd::offline::PlaceSource open_to_all{table, index, ""};
    herd::offline::PlaceSource with_key{table, index, "s3cret"};

    static const RealPlaces& get() {
        static const RealPlaces places;
        return places;
    }

private:
    static herd::offline::PlaceTable load() {
        auto table = herd::offline::PlaceTable::load(herd::offline::find_data_folder(""));
        INFO(table.error());
        REQUIRE(table);
        return std::move(*table);
    }
};

// Where the University of California, Los Angeles is.
inline constexpr herd::offline::Coordinates ucla{34.068930, -118.445127};

}  // namespace offline_test
