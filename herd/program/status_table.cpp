#include "herd/program/status_table.hpp"

#include "herd/keys/certificate.hpp"
#include "herd/program/status_digests.hpp"
#include "reactor/sys.hpp"

#include <rapidjson/document.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdint>
#include <cstdio>
#include <string_view>

namespace herd::program {

namespace {

using Row = std::vector<std::string>;

constexpr std::size_t shown_max = 64;   // of a text; the longest are names
constexpr std::uint32_t depth_max = 8;  // rapidjson walks through what it has read by recursion
constexpr unsigned parse_flags =
    rapidjson::kParseIterativeFlag | rapidjson::kParseValidateEncodingFlag;

// Ends the reading of what is nested deeper than any status is.
class DepthGuard : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, DepthGuard> {
public:
    // NOLINTBEGIN(readability-identifier-naming): rapidjson's names.
    bool StartObject() { return ++depth_ <= depth_max; }
    bool StartArray() { return ++depth_ <= depth_max; }
    bool EndObject(rapidjson::SizeType) { return depth_-- > 0; }
    bool EndArray(rapidjson::SizeType) { return depth_-- > 0; }
    // NOLINTEND(readability-identifier-naming)

private:
    std::uint32_t depth_ = 0;
};

bool is_shallow(const std::string& json) {
    rapidjson::MemoryStream stream(json.data(), json.size());
    DepthGuard guard;
    return !rapidjson::Reader().Parse<parse_flags>(stream, guard).IsError();
}

// What a server has said may end up on a terminal.
std::string shown(std::string_view text) {
    std::string out;
    for (const char c : text.substr(0, shown_max)) out += c >= ' ' && c <= '~' ? c : '?';
    return text.size() > shown_max ? out + "..." : out;
}

// Columns as wide as their widest field, and two blanks between them.
std::string align(const std::vector<Row>& rows) {
    assert(!rows.empty());
    std::vector<std::size_t> widths;
    for (const Row& row : rows) {
        widths.resize(std::max(widths.size(), row.size()));
        for (std::size_t i = 0; i + 1 < row.size(); ++i) {
            widths[i] = std::max(widths[i], row[i].size());
        }
    }
    std::string text;
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            text += row[i];
            const bool last = i + 1 == row.size();
            text += last ? std::string("\n") : std::string(widths[i] + 2 - row[i].size(), ' ');
        }
    }
    return text;
}

// A field of an answer. A server of another version may lack it.
std::string number(const rapidjson::Value& object, const char* key) {
    const auto found = object.FindMember(key);
    if (found == object.MemberEnd()) return "?";
    if (found->value.IsString())
        return shown({found->value.GetString(), found->value.GetStringLength()});
    return found->value.IsUint64() ? std::to_string(found->value.GetUint64()) : "?";
}

bool flag(const rapidjson::Value& object, const char* key) {
    const auto found = object.FindMember(key);
    return found != object.MemberEnd() && found->value.IsTrue();
}

std::string in_milliseconds(const rapidjson::Value& object, const char* key) {
    const auto found = object.FindMember(key);
    if (found == object.MemberEnd() || !found->value.IsInt64()) return "?";
    std::array<char, 48> text{};
    const double value = static_cast<double>(found->value.GetInt64()) / 1000;
    const int size = std::snprintf(text.data(), text.size(), "%.2f ms", value);
    assert(size > 0);
    assert(static_cast<std::size_t>(size) < text.size());
    return {text.data(), static_cast<std::size_t>(size)};
}

std::string duration(const rapidjson::Value& object, const char* key) {
    const auto found = object.FindMember(key);
    if (found == object.MemberEnd() || !found->value.IsUint64()) return "?";
    const std::uint64_t seconds = found->value.GetUint64();
    const auto two = [](std::uint64_t big, char unit, std::uint64_t small, char below) {
        return std::to_string(big) + unit + " " + std::to_string(small) + below;
    };
    if (seconds >= 86'400) return two(seconds / 86'400, 'd', seconds % 86'400 / 3'600, 'h');
    if (seconds >= 3'600) return two(seconds / 3'600, 'h', seconds % 3'600 / 60, 'm');
    if (seconds >= 60) return two(seconds / 60, 'm', seconds % 60, 's');
    return std::to_string(seconds) + "s";
}

// Of a server that has keys also whether the link is one without TLS.
Row link_row(const std::string& server, const rapidjson::Value& link, bool keys) {
    const bool legacy = flag(link, "legacy");
    const std::string state = number(link, "state");
    const bool live = state == "live";
    const bool plain = keys && live && !legacy && !flag(link, "tls");
    Row row = {server + " > " + number(link, "neighbour"),
               state + (legacy  ? ", legacy"
                        : plain ? ", plain"
                                : "")};
    row.push_back(live ? number(link, "lag_records") : "-");
    row.push_back(live && !legacy ? in_milliseconds(link, "lag_us") : "-");
    row.push_back(live && !legacy ? in_milliseconds(link, "round_trip_us") : "-");
    row.push_back(live && !legacy ? in_milliseconds(link, "clock_difference_us") : "-");
    row.push_back(number(link, "divergences"));
    row.push_back(number(link, "drops"));
    return row;
}

Row bridge_row(const std::string& server, const rapidjson::Value& bridge) {
    const std::string broker = number(bridge, "broker");
    const bool there = !broker.empty() && broker != "?";
    return {server,
            number(bridge, "state") + (flag(bridge, "standby") ? ", standby" : "") +
                (there && flag(bridge, "tls") ? ", TLS" : ""),
            number(bridge, "bucket"),
            there ? broker + " " + number(bridge, "version") : "-",
            number(bridge, "keys"),
            there ? number(bridge, "pending") : "-",
            number(bridge, "lag_records"),
            there ? in_milliseconds(bridge, "lag_us") : "-",
            there ? in_milliseconds(bridge, "round_trip_us") : "-"};
}

// "123 of 1000000": clients, and how many there is room for.
std::string stored(const rapidjson::Value& status) {
    return number(status, "records") + " of " + number(status, "capacity");
}

// What a herd counts that has all it needs, and clients that come, say something and go. Of the
// other counters, also of those that a newer server has, each that is not 0 is worth a look.
constexpr std::array<std::string_view, 31> ordinary = {"bridge_published",
                                                       "bridge_acknowledged",
                                                       "bridge_received",
                                                       "bridge_newer",
                                                       "bridge_equal",
                                                       "bridge_older",
                                                       "follows",
                                                       "pushed",
                                                       "iamat",
                                                       "iamat_old",
                                                       "whatsat",
                                                       "nearby",
                                                       "searches_waited",
                                                       "sync",
                                                       "invalid",
                                                       "relayed",
                                                       "duplicates",
                                                       "records_sent",
                                                       "turns_cut",
                                                       "records_expired",
                                                       "idle",
                                                       "clients_accepted",
                                                       "places_lookups",
                                                       "places_shared",
                                                       "places_requests",
                                                       "journal_renewals",
                                                       "reloads",
                                                       "http_requests",
                                                       "phone_points",
                                                       "phone_not_positions",
                                                       "phone_friends"};

// "Alpha: table_full 3, lines_too_long 1", a line; empty: nothing is.
std::string worth_a_look(const std::string& server, const rapidjson::Value& counters) {
    std::string text;
    for (const auto& each : counters.GetObject()) {
        const std::string_view name(each.name.GetString(), each.name.GetStringLength());
        if (!each.value.IsUint64() || each.value.GetUint64() == 0) continue;
        if (std::ranges::find(ordinary, name) != ordinary.end()) continue;
        text += (text.empty() ? server + ": " : ", ") + std::string(name) + " " +
                std::to_string(each.value.GetUint64());
    }
    return text.empty() ? "" : text + "\n";
}

// "Alpha: its certificate expires in 12 days", a line, from 30 days before; else empty.
std::string expiry(const std::string& server, const rapidjson::Value& status) {
    const auto found = status.FindMember("certificate_expires_s");
    if (found == status.MemberEnd() || !found->value.IsInt64()) return {};
    const std::int64_t at = found->value.GetInt64();
    if (at == 0) return {};
    const std::int64_t left = at - reactor::sys::wall_s();
    if (left > keys::warned_of_s) return {};
    if (left <= 0) return server + ": its certificate has expired\n";
    return server + ": its certificate expires in " + std::to_string(left / keys::day_s) +
           " days\n";
}

// What all rows come to.
struct Sum {
    std::size_t servers = 0;
    std::size_t up = 0;
    std::size_t links = 0;  // as configured, each way
    std::size_t live = 0;

    std::string text() const {
        return std::to_string(up) + " of " + std::to_string(servers) + " servers up, " +
               std::to_string(live) + " of " + std::to_string(links) + " links live, ";
    }
};

class Tables {
public:
    void add(const StatusAnswer& answer);
    std::string text(const StatusDigests& digests) const {
        const std::string counted = troubles_.empty() ? "" : "\n" + troubles_;
        const std::string bridges = bridges_.size() > 1 ? "\n" + align(bridges_) : "";
        return align(servers_) + counted + "\n" + align(links_) + bridges + "\n" + sum_.text() +
               digests.text() + "\n";
    }

private:
    std::vector<Row> servers_ = {
        {"SERVER", "UP", "CLIENTS", "STORED", "DIGEST", "JOURNAL", "DROPPED"}};
    std::vector<Row> bridges_ = {
        {"BRIDGE", "STATE", "BUCKET", "BROKER", "KEYS", "TO READ", "LAG", "LAG TIME", "RTT"}};
    std::vector<Row> links_ = {
        {"LINK", "STATE", "LAG", "LAG TIME", "RTT", "CLOCK", "DIVERGENCES", "DROPS"}};
    std::string troubles_;
    Sum sum_;
};

void Tables::add(const StatusAnswer& answer) {
    ++sum_.servers;
    if (answer.json.empty()) {
        sum_.links += answer.links;
        servers_.push_back({answer.server, "-", answer.trouble});
        return;
    }
    rapidjson::Document parsed;
    parsed.Parse<parse_flags>(answer.json.data(), answer.json.size());
    // As const, lest C++20 finds two ways to compare its iterators.
    const rapidjson::Value& status = parsed;
    assert(!parsed.HasParseError());
    assert(status.IsObject());
    ++sum_.up;
    if (flag(status, "brief")) {
        sum_.links += answer.links;
        servers_.push_back({answer.server,
                            duration(status, "up_s"),
                            "tells the rest to its own machine only, as it has no keys"});
        return;
    }
    const std::string corrupted = number(status, "corrupted");
    servers_.push_back({answer.server,
                        duration(status, "up_s") + (flag(status, "draining") ? ", ending" : ""),
                        number(status, "clients"),
                        stored(status),
                        number(status, "digest"),
                        number(status, "journal"),
                        number(status, "dropped")});
    const auto counters = status.FindMember("counters");
    if (counters != status.MemberEnd() && counters->value.IsObject()) {
        troubles_ += worth_a_look(answer.server, counters->value);
    }
    troubles_ += expiry(answer.server, status);
    if (flag(status, "reload_refused")) {
        troubles_ += answer.server + ": its latest reload was refused, and its log says why\n";
    }
    if (corrupted != "0") servers_.back().back() += "  (corrupted on purpose: " + corrupted + ")";
    const std::string expires = number(status, "certificate_expires_s");
    const bool keys = expires != "0" && expires != "?";
    const auto bridge = status.FindMember("bridge");
    if (bridge != status.MemberEnd() && bridge->value.IsObject()) {
        bridges_.push_back(bridge_row(answer.server, bridge->value));
    }
    const auto links = status.FindMember("links");
    if (links == status.MemberEnd() || !links->value.IsArray()) return;
    for (const rapidjson::Value& link : links->value.GetArray()) {
        if (!link.IsObject()) continue;
        ++sum_.links;
        sum_.live += number(link, "state") == "live";
        links_.push_back(link_row(answer.server, link, keys));
    }
}

}  // namespace

StatusAnswer read_status(const std::string& server,
                         const std::string& line,
                         std::string_view trouble,
                         std::size_t links,
                         const std::string& address) {
    if (!trouble.empty()) return {server, {}, std::string(trouble), links};
    StatusAnswer wrong = {server, {}, "not a status", links};
    // rapidjson takes a zero for the end.
    if (line.find('\0') != std::string::npos || !is_shallow(line)) return wrong;
    rapidjson::Document parsed;
    parsed.Parse<parse_flags>(line.data(), line.size());
    const rapidjson::Value& status = parsed;
    if (!status.IsObject()) return wrong;
    const auto name = status.FindMember("server");
    if (name == status.MemberEnd() || !name->value.IsString()) return wrong;
    if (server != std::string_view(name->value.GetString(), name->value.GetStringLength())) {
        return {server,
                {},
                "at " + address + ", where " + server + " should be, " + number(status, "server") +
                    " answers",
                links,
                true};
    }
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer, rapidjson::UTF8<>, rapidjson::ASCII<>> writer(
        buffer);
    if (!status.Accept(writer)) return wrong;
    return {server, {buffer.GetString(), buffer.GetSize()}, {}, links};
}

bool all_answered(const std::vector<StatusAnswer>& answers) {
    return std::ranges::none_of(answers, [](const auto& each) { return each.json.empty(); });
}

std::string status_tables(const std::vector<StatusAnswer>& answers) {
    Tables tables;
    for (const StatusAnswer& answer : answers) tables.add(answer);
    return tables.text(StatusDigests(answers));
}

std::string status_json(const std::vector<StatusAnswer>& answers) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.StartObject();
    writer.Key("servers");
    writer.StartArray();
    for (const StatusAnswer& answer : answers) {
        if (!answer.json.empty()) {
            writer.RawValue(answer.json.c_str(), answer.json.size(), rapidjson::kObjectType);
            continue;
        }
        writer.StartObject();
        writer.Key("server");
        writer.String(answer.server.c_str());
        writer.Key("error");
        writer.String(answer.trouble.c_str());
        writer.EndObject();
    }
    writer.EndArray();
    const StatusDigests digests(answers);
    writer.Key("tables");
    writer.StartObject();
    writer.Key("servers");
    writer.Uint64(digests.servers());
    writer.Key("known");
    writer.Uint64(digests.known());
    writer.Key("different");
    writer.Uint64(digests.different());
    writer.EndObject();
    writer.EndObject();
    return std::string(buffer.GetString()) + "\n";
}

}  // namespace herd::program
