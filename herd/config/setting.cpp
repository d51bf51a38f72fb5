#include "herd/config/setting.hpp"

#include "herd/config/text.hpp"

#include <algorithm>
#include <cassert>
#include <utility>

namespace herd::config {

namespace {

// What the system takes the ports of outgoing connections from: a server that dials a neighbour
// which is down could be given the neighbour's own port, and so meet itself.
constexpr std::uint16_t ephemeral_first = 32768;
constexpr std::uint16_t ephemeral_last = 60999;
static_assert(ephemeral_first < ephemeral_last);

template <class... Function>
struct Cases : Function... {
    using Function::operator()...;
};
template <class... Function>
Cases(Function...) -> Cases<Function...>;

std::string range(const Whole& whole) {
    return std::to_string(whole.min) + " to " + std::to_string(whole.max);
}

// "a, b or c"
std::string listed(std::span<const std::string_view> names) {
    assert(!names.empty());
    std::string text(names[0]);
    for (const std::string_view name : names.subspan(1)) {
        text += name == names.back() ? " or " : ", ";
        text += name;
    }
    return text;
}

Checked take(const Text& type, std::string_view text, Config& config) {
    assert(!type.allowed.empty());
    if (!type.accepts(text)) return reject(std::string(type.allowed), quoted(text));
    // A path ends at a zero, and a message at the end of a line.
    const bool plain =
        std::ranges::none_of(text, [](char c) { return (c >= 0 && c < ' ') || c == 0x7f; });
    if (!plain) return reject("no control characters", quoted(text));
    type.member.set(config, std::string(text));
    return {};
}

Checked take(const Flag& type, std::string_view text, Config& config) {
    assert(text == "true" || text == "false");
    type.member.set(config, text == "true");
    return {};
}

Checked take(const Choice& type, std::string_view text, Config& config) {
    const auto found = std::ranges::find(type.names, text);
    if (found == type.names.end()) return reject(listed(type.names), quoted(text));
    type.member.set(config, static_cast<std::size_t>(found - type.names.begin()));
    return {};
}

Checked take(const Whole& type, std::string_view text, Config& config) {
    assert(type.min <= type.max);
    const auto number = parse_number(text);
    if (!number || *number < type.min || *number > type.max) {
        return reject("a whole number from " + range(type), std::string(text));
    }
    type.member.set(config, *number);
    return {};
}

Checked take(const Endpoint& type, std::string_view text, Config& config) {
    auto address = parse_address(text);
    const bool may_be_named = type.name.set != nullptr;
    if (may_be_named) type.name.set(config, "");
    if (!address && may_be_named) {
        if (const auto named = parse_named(text)) {
            type.name.set(config, std::string(named->host));
            address = reactor::Address{.port = named->port};
        }
    }
    if (!address) {
        return reject(std::string("an address such as \"127.0.0.1:12001\"") +
                          (may_be_named ? ", or a name such as \"alpha.example.org:12101\"" : ""),
                      quoted(text));
    }
    if (address->port >= ephemeral_first && address->port <= ephemeral_last) {
        return reject("a port outside 32768-60999, which is for outgoing connections",
                      quoted(text));
    }
    type.member.set(config, *address);
    return {};
}

}  // namespace

Checked reject(std::string expected, std::string got) {
    assert(!expected.empty());
    return Error{std::move(expected), std::move(got)};
}

bool is_single(const Setting& setting) {
    return setting.in != Section::server && !std::holds_alternative<LinkEnd>(setting.type) &&
           !std::holds_alternative<Object>(setting.type) &&
           !std::holds_alternative<List>(setting.type);
}

std::string allowed(const Setting& setting) {
    return std::visit(
        Cases{[](const Text& type) { return std::string(type.allowed); },
              [](const Flag&) { return std::string("true or false"); },
              [](const Choice& type) { return listed(type.names); },
              [](const Whole& type) {
                  return range(type) + (type.unit.empty() ? "" : " ") + std::string(type.unit);
              },
              [](const Endpoint& type) {
                  return std::string(type.name.set == nullptr ? "an address and a port"
                                                              : "an address or a name, and a port");
              },
              [](const LinkEnd&) { return std::string("the name of a server"); },
              [](const auto&) { return std::string(); }},
        setting.type);
}

std::string_view taken(const Setting& setting) {
    return setting.taken == Taken::live ? "live" : "restart";
}

std::string shown(const Setting& setting, const Config& config) {
    return std::visit(
        Cases{[&](const Text& type) {
                  const std::string text = type.member.get(config);
                  return text.empty() ? "\"\"" : text;
              },
              [&](const Flag& type) {
                  return std::string(type.member.get(config) ? "true" : "false");
              },
              [&](const Choice& type) { return std::string(type.names[type.member.get(config)]); },
              [&](const Whole& type) { return std::to_string(type.member.get(config)); },
              [&](const Endpoint& type) {
                  const reactor::Address address = type.member.get(config);
                  const std::string name = type.name.get != nullptr ? type.name.get(config) : "";
                  return name.empty() ? text_of(address)
                                      : name + ":" + std::to_string(address.port);
              },
              [](const auto&) { return std::string(); }},
        setting.type);
}

Checked assign(const Setting& setting, std::string_view text, Config& config) {
    return std::visit(
        [&](const auto& type) -> Checked {
            if constexpr (requires { type.member; }) return take(type, text, config);
            std::unreachable();
        },
        setting.type);
}

}  // namespace herd::config
