#include "herd/offline/place_table.hpp"

#include "tests/unit/herd/offline/real_places.hpp"

#include <catch2/catch.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <set>
#include <string>

namespace place_table_test {

using namespace herd::offline;
using namespace offline_test;

namespace {

// A data folder to spoil.
class Folder {
public:
    Folder() {
        std::string pattern = (std::filesystem::temp_directory_path() / "herd-XXXXXX").string();
        REQUIRE(mkdtemp(pattern.data()) != nullptr);
        path_ = pattern;
        write("places-geonames.tsv", geonames_header + "Town\t1.5\t-2.25\tUS\tPPL\t900\n");
        write("places-airports.tsv", airports_header + "Strip\t1\t2\tUS\theliport\tTown\tX1\n");
        write("places-zips.tsv", zips_header + "90095\t34.07\t-118.44\tUS\n");
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }

    void write(const std::string& name, const std::string& text) const {
        std::FILE* const file = std::fopen((path_ + "/" + name).c_str(), "wb");
        REQUIRE(file != nullptr);
        REQUIRE(std::fwrite(text.data(), 1, text.size(), file) == text.size());
        REQUIRE(std::fclose(file) == 0);
    }

    const std::string& path() const { return path_; }

    // What is said about a row of ZIP codes.
    std::string error_of(const std::string& row) const {
        write("places-zips.tsv", zips_header + "90001\t33.9\t-118.2\tUS\n" + row + "\n");
        const auto table = PlaceTable::load(path_);
        return table ? "" : table.error().substr(path_.size() + 1);
    }

    inline static const std::string geonames_header =
        "name\tlatitude\tlongitude\tcountry\tfeature\tpopulation\n";
    inline static const std::string airports_header =
        "name\tlatitude\tlongitude\tcountry\ttype\tcity\tcode\n";
    inline static const std::string zips_header = "name\tlatitude\tlongitude\tcountry\n";

private:
    std::string path_;
};

}  // namespace

TEST_CASE("place table: the project's own tables load whole", "[offline]") {
    const auto places = RealPlaces::get().table.places();
    CHECK(places.size() == 32214);
    std::set<std::string_view> ids;
    for (const Place& place : places) {
        ids.insert(place.id);
        CHECK_FALSE(place.name.empty());
        CHECK_FALSE(place.vicinity.empty());
    }
    CHECK(ids.size() == places.size());
}

TEST_CASE("place table: a row becomes a place", "[offline]") {
    const Folder folder;
    const auto table = PlaceTable::load(folder.path());
    REQUIRE(table);
    REQUIRE((*table).places().size() == 3);
    const Place& town = (*table).places()[0];
    const Place& strip = (*table).places()[1];
    const Place& zip = (*table).places()[2];
    CHECK(town.id == "geonames:5d27f7484136dc2b");
    CHECK(town.name == "Town");
    CHECK(town.vicinity == "US");
    CHECK(town.at.latitude == 1.5);
    CHECK(town.at.longitude == -2.25);
    CHECK(town.kind == Kind::locality);
    CHECK(town.source == Source::geonames);
    CHECK(strip.id == "ourairports:X1");
    CHECK(strip.vicinity == "Town, US");
    CHECK(strip.kind == Kind::heliport);
    CHECK(zip.id == "zip:90095");
    CHECK(types_of(zip.kind)[0] == "postal_code");
}

TEST_CASE("place table: what is wrong is said with file and line", "[offline]") {
    const Folder folder;
    CHECK(folder.error_of("90002\t33.9\t-118.2\tUS").empty());
    CHECK(folder.error_of("90002\t33.9\t-118.2") == "places-zips.tsv:3: wrong number of fields");
    CHECK(folder.error_of("90002\t33.9\t-118.2\tUS\t1") ==
          "places-zips.tsv:3: wrong number of fields");
    CHECK(folder.error_of("") == "places-zips.tsv:3: wrong number of fields");
    CHECK(folder.error_of("\t33.9\t-118.2\tUS") == "places-zips.tsv:3: a place without a name");
    for (const char* latitude : {"", "x", "90.001", "nan", "inf", "3.", " 3", "+3"}) {
        const std::string said = folder.error_of("1\t" + std::string(latitude) + "\t0\tUS");
        INFO(latitude);
        // A full stop behind the digits is a number to the library, and harmless.
        if (std::string_view(latitude) == "3.") {
            CHECK(said.empty());
        } else {
            CHECK(said == "places-zips.tsv:3: latitude is not a number from -90 to 90");
        }
    }
    CHECK(folder.error_of("1\t0\t180.5\tUS") ==
          "places-zips.tsv:3: longitude is not a number from -180 to 180");
    for (const char* name :
         {"\xff", "\xc3", "\xc0\xaf", "\xed\xa0\x80", "\xf5\x80\x80\x80", "\x01"}) {
        CHECK(folder.error_of(std::string(name) + "\t0\t0\tUS") ==
              "places-zips.tsv:3: not clean UTF-8");
    }
    CHECK(folder.error_of("\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\t0\t0\tUS").empty());
    CHECK(folder.error_of("90001\t0\t0\tUS").find("two places with the id zip:90001") !=
          std::string::npos);
}

TEST_CASE("place table: a file that is missing or another one is named", "[offline]") {
    const Folder folder;
    folder.write("places-airports.tsv", "something else\n");
    CHECK(PlaceTable::load(folder.path()).error() ==
          folder.path() + "/places-airports.tsv:1: unexpected column names");
    std::filesystem::remove(folder.path() + "/places-airports.tsv");
    CHECK(PlaceTable::load(folder.path()).error().find("places-airports.tsv: No such file") !=
          std::string::npos);
}

TEST_CASE("place table: a folder that is given is taken as it is", "[offline]") {
    CHECK(find_data_folder("/somewhere") == "/somewhere");
    CHECK_FALSE(find_data_folder("").empty());
}

}  // namespace place_table_test
