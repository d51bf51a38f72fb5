#pragma once

#include "herd/config/config.hpp"
#include "reactor/address.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>

// What a setting is, of which type it is, and what is done with it by its type.
namespace herd::config {

// An object or list of a configuration file.
enum class Section : std::uint8_t {
    file,
    root,
    servers,
    server,
    links,
    link,
    places,
    limits,
    log,
    journal,
    access,
    bridge,
    bridge_tls,
};

// A value's way out of a Config and into it. Of a server's settings it is the last server's.
template <class Value>
struct Member {
    Value (*get)(const Config&) = nullptr;
    void (*set)(Config&, const Value&) = nullptr;
};

// The types of settings.
struct Text {
    Member<std::string> member;
    std::string_view allowed;  // in words
    bool (*accepts)(std::string_view);
};
struct Flag {
    Member<bool> member;
};
struct Choice {
    Member<std::size_t> member;  // an index of `names`
    std::span<const std::string_view> names;
};
struct Whole {
    Member<std::uint64_t> member;
    std::uint64_t min;
    std::uint64_t max;      // inclusive
    std::string_view unit;  // may be empty
};
struct Endpoint {
    Member<reactor::Address> member;
    // Where the host may be a name, that; otherwise without functions. Then the address has a port
    // only.
    Member<std::string> name = {};
};
// An end of a link: the name of a server.
struct LinkEnd {};
struct Object {
    Section opens;
};
struct List {
    Section opens;
};
using Type = std::variant<Text, Flag, Choice, Whole, Endpoint, LinkEnd, Object, List>;

// When a new value of it counts: as soon as the file is read again (SIGHUP), or from the next start
// on.
enum class Taken : std::uint8_t { at_start, live };

struct Setting {
    Section in;
    std::string_view name;  // empty: an element of a list
    Type type;
    std::string_view meaning;  // one line
    Taken taken = Taken::at_start;
    bool required = false;  // of a server
};

// Whether a configuration has one value of it: it is neither an object or list, nor of each server
// or link.
bool is_single(const Setting& setting);
// What it may be: "1 to 4096", "true or false". Empty for an object or list.
std::string allowed(const Setting& setting);
// "live" or "restart".
std::string_view taken(const Setting& setting);
// Its value, as a configuration file has it but for quotes, which only an empty text has. Empty
// for an object or list, and for an end of a link.
std::string shown(const Setting& setting, const Config& config);

// What is wrong with a configuration: "line: field: expected ..., got ...". Where `field` is empty,
// it is the value that was just given.
struct Error {
    std::string expected;
    std::string got;
    std::string field = {};
    std::uint32_t line = 0;
};
using Checked = std::optional<Error>;  // nothing: fine

// An error of the value that was just given.
Checked reject(std::string expected, std::string got);

// Gives a setting its value; numbers and flags as they stand in the file. Only what the setting's
// type asks for is checked.
Checked assign(const Setting& setting, std::string_view text, Config& config);

}  // namespace herd::config
