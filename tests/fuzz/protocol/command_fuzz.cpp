#include "protocol/at_line.hpp"
#include "protocol/command.hpp"
#include "protocol/iso6709.hpp"
#include "protocol/peer_message.hpp"
#include "protocol/secrets.hpp"
#include "protocol/tokens.hpp"

#include <cassert>
#include <cmath>
#include <cstdint>
#include <vector>

namespace command_fuzz {

namespace {

using namespace protocol;

void check_field(std::string_view field, std::string_view line) {
    assert(!field.empty());
    assert(field.data() >= line.data());
    assert(field.data() + field.size() <= line.data() + line.size());
    for (const char byte : field) assert(!is_space(byte));
}

// What is answered to an IAMAT is a line that a neighbour reads as the same report.
void check_report(const IamAt& report, std::string_view line) {
    check_field(report.client, line);
    check_field(report.location, line);
    check_field(report.time_text, line);
    const auto place = parse_iso6709(report.location);
    assert(place);
    assert(place->latitude >= -90 && place->latitude <= 90);
    assert(place->longitude >= -180 && place->longitude <= 180);
    assert(report.spot.latitude <= Spot::latitude_max);
    assert(report.spot.longitude < Spot::longitude_end);
    const Iso6709 near = degrees_of(report.spot);
    assert(std::abs(near.latitude - place->latitude) < 1.1e-7);
    assert(std::abs(std::remainder(near.longitude - place->longitude, 360)) < 1.1e-7);
    assert(report.spot.cut || near.latitude == place->latitude);

    std::vector<char> out(at_line_size_max("Goloman", report));
    const auto answer = write_at(out, "Goloman", -report.time.nanoseconds / 3, report).whole;
    const auto message = parse_peer_message(answer);
    assert(message);
    const auto* at = std::get_if<AtLine>(&*message);
    assert(at != nullptr);
    assert(at->server == "Goloman");
    assert(at->client == report.client);
    assert(at->location == report.location);
    assert(at->time_text == report.time_text);
    assert(at->time == report.time);
    assert(at->skew_ns == -report.time.nanoseconds / 3);
}

void check_query(const WhatsAt& query, std::string_view line) {
    check_field(query.client, line);
    assert(query.radius_mm <= radius_mm_max);
    assert(query.bound <= bound_max);
}

void check_nearby(const Nearby& query, std::string_view line) {
    if (!query.client.empty()) check_field(query.client, line);
    if (!query.client.empty()) assert(!is_iso6709(query.client));
    assert(std::abs(query.centre.latitude) <= 90);
    assert(std::abs(query.centre.longitude) <= 180);
    assert(query.radius_mm <= radius_mm_max);
    assert(query.bound <= nearby_bound_max);
}

// The token stands in nothing that is logged.
void check_auth(const Auth& auth, std::string_view line) {
    check_field(auth.pattern, line);
    check_field(auth.token, line);
    const std::string_view logged = without_secrets(line);
    assert(logged.ends_with("AUTH"));
    assert(logged.data() + logged.size() <= auth.token.data());
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view line(reinterpret_cast<const char*>(data), size);
    const auto command = parse_command(line);
    if (command) {
        if (const auto* report = std::get_if<IamAt>(&*command)) check_report(*report, line);
        if (const auto* query = std::get_if<WhatsAt>(&*command)) check_query(*query, line);
        if (const auto* query = std::get_if<Nearby>(&*command)) check_nearby(*query, line);
        if (const auto* auth = std::get_if<Auth>(&*command)) check_auth(*auth, line);
    } else {
        assert(!to_text(command.error()).empty());
    }
    std::vector<char> out(invalid_size(line));
    const auto invalid = format_invalid(out, line);
    assert(invalid.substr(2) == line);
    assert(without_secrets(invalid).size() <= invalid.size());
}

}  // namespace command_fuzz
