#include "bench/target.hpp"

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <deque>
#include <fstream>
#include <initializer_list>
#include <sstream>

namespace bench {

namespace {

using Value = rapidjson::Value;

[[noreturn]] void fail(const std::string& why) {
    throw CannotMeasure(why);
}

const Value& member(const Value& object, const char* name) {
    const auto found = object.FindMember(name);
    if (found == object.MemberEnd()) fail(std::string("no field ") + name);
    return found->value;
}

std::string text(const Value& value, const char* what) {
    if (!value.IsString()) fail(std::string(what) + " is not text");
    return {value.GetString(), value.GetStringLength()};
}

reactor::Address address(const Value& value, const char* what) {
    const std::string whole = text(value, what);
    const std::size_t colon = whole.rfind(':');
    std::uint16_t port = 0;
    std::optional<reactor::Address> parsed;
    if (colon != std::string::npos) {
        const char* const end = whole.data() + whole.size();
        const auto read = std::from_chars(whole.data() + colon + 1, end, port);
        if (read.ptr == end) parsed = reactor::Address::parse(whole.substr(0, colon), port);
    }
    if (!parsed) fail(std::string(what) + " is not ADDRESS:PORT: " + whole);
    return *parsed;
}

Protocol protocol_named(const std::string& name) {
    if (name == "iamat") return Protocol::iamat;
    if (name == "at") return Protocol::at;
    if (name == "geoadd") return Protocol::geoadd;
    if (name == "set") return Protocol::set;
    if (name == "http") return Protocol::http;
    if (name == "nats") return Protocol::nats;
    fail("speaks is none of iamat, at, geoadd, set, http, nats: " + name);
}

// A name that nobody reads is a mistake: what it should have said would be missing.
void check_names(const Value& object, std::initializer_list<std::string_view> known) {
    for (const auto& field : object.GetObject()) {
        const std::string_view name(field.name.GetString(), field.name.GetStringLength());
        if (std::ranges::find(known, name) == known.end()) {
            fail("an unknown field: " + std::string(name));
        }
    }
}

TargetServer server(const Value& value) {
    if (!value.IsObject()) fail("a server is not an object");
    check_names(value, {"name", "clients", "observer", "observed", "pids"});
    TargetServer server;
    server.name = text(member(value, "name"), "name");
    server.clients = address(member(value, "clients"), "clients");
    if (value.HasMember("observer")) server.observer = address(value["observer"], "observer");
    if (value.HasMember("observed")) server.observed = value["observed"].IsTrue();
    if (value.HasMember("pids") && value["pids"].IsArray()) {
        for (const Value& pid : value["pids"].GetArray()) {
            if (pid.IsInt()) server.pids.push_back(pid.GetInt());
        }
    }
    return server;
}

Target parse(const rapidjson::Document& document) {
    if (!document.IsObject()) fail("not an object");
    check_names(document, {"system", "speaks", "servers", "links"});
    Target target;
    target.system = text(member(document, "system"), "system");
    if (document.HasMember("speaks"))
        target.protocol = protocol_named(text(document["speaks"], "speaks"));
    const Value& servers = member(document, "servers");
    if (!servers.IsArray() || servers.Empty()) fail("servers is not a list with something in it");
    for (const Value& each : servers.GetArray()) target.servers.push_back(server(each));
    if (!document.HasMember("links")) return target;
    if (!document["links"].IsArray()) fail("links is not a list");
    for (const Value& link : document["links"].GetArray()) {
        if (!link.IsArray() || link.Size() != 2) fail("a link is not a list of two names");
        target.links.emplace_back(target.find(text(link[0], "link")),
                                  target.find(text(link[1], "link")));
    }
    return target;
}

}  // namespace

Target Target::read(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) throw CannotMeasure(path + ": cannot be read");
    std::ostringstream copy;
    copy << file.rdbuf();
    const std::string content = copy.str();
    rapidjson::Document document;
    document.Parse<rapidjson::kParseIterativeFlag>(content.data(), content.size());
    if (document.HasParseError()) {
        throw CannotMeasure(path + ": " + rapidjson::GetParseError_En(document.GetParseError()));
    }
    try {
        return parse(document);
    } catch (const CannotMeasure& why) {
        throw CannotMeasure(path + ": " + why.what());
    }
}

Target Target::built_in() {
    Target target;
    target.system = "herd";
    std::uint16_t port = 12001;
    for (const char* name : {"Goloman", "Hands", "Holiday", "Welsh", "Wilkes"}) {
        target.servers.push_back({name, reactor::Address::loopback(port++), {}, false, {}});
    }
    target.links = {{0, 1}, {0, 2}, {0, 4}, {1, 4}, {2, 3}, {2, 4}};
    return target;
}

std::size_t Target::find(std::string_view name) const {
    const auto found = std::ranges::find(servers, name, &TargetServer::name);
    if (found == servers.end()) fail("no server " + std::string(name) + " in " + system);
    return static_cast<std::size_t>(found - servers.begin());
}

bool Target::names_processes() const {
    return std::ranges::none_of(servers,
                                [](const TargetServer& server) { return server.pids.empty(); });
}

std::vector<unsigned> Target::servers_passed(std::size_t entry) const {
    std::vector<unsigned> passed(servers.size(), 0);
    std::deque<std::size_t> next = {entry};
    passed[entry] = 1;
    while (!next.empty()) {
        const std::size_t here = next.front();
        next.pop_front();
        for (const auto& [one, other] : links) {
            if (one != here && other != here) continue;
            const std::size_t there = one == here ? other : one;
            if (passed[there] > 0) continue;
            passed[there] = passed[here] + 1;
            next.push_back(there);
        }
    }
    return passed;
}

}  // namespace bench
