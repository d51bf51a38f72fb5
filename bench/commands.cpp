#include "bench/commands.hpp"

#include "bench/fleet.hpp"
#include "bench/population.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstdio>
#include <string_view>

namespace bench {

namespace {

// As Redis clients send each part of a command.
std::string part(const std::string& text) {
    return "$" + std::to_string(text.size()) + "\r\n" + text + "\r\n";
}

// What stands in a command, one after the other. There is room.
class Script {
public:
    explicit Script(std::span<char> out) : out_(out) {}

    Script& put(std::string_view text) {
        assert(size_ + text.size() <= out_.size());
        std::ranges::copy(text, out_.data() + size_);
        size_ += text.size();
        return *this;
    }
    Script& name(std::uint32_t client) {
        std::array<char, Fleet::name_size> text;
        Fleet::write_name(text, client);
        return put({text.data(), text.size()});
    }
    Script& number(std::size_t value) { return put(std::to_string(value)); }
    std::size_t size() const { return size_; }

private:
    std::span<char> out_;
    std::size_t size_ = 0;
};

// A command that is the same for each client, but for its name between these.
struct Frame {
    std::string head;
    std::string tail;
};

Frame frame_of(Protocol protocol, const std::string& radius_km, const std::string& bound) {
    if (protocol == Protocol::iamat) return {"NEARBY ", " " + radius_km + " " + bound + "\n"};
    const std::string name_size = std::to_string(Fleet::name_size);
    return {"*10\r\n" + part("GEOSEARCH") + part("fleet") + part("FROMMEMBER") + "$" + name_size +
                "\r\n",
            "\r\n" + part("BYRADIUS") + part(radius_km) + part("km") + part("ASC") + part("COUNT") +
                part(bound)};
}

}  // namespace

Answers answers_in(Protocol protocol) {
    switch (protocol) {
        case Protocol::iamat:
            return {Answers::Kind::lines, 'A'};
        case Protocol::geoadd:
            return {Answers::Kind::lines, ':'};
        case Protocol::set:
            return {Answers::Kind::lines, '+'};
        case Protocol::http:
            return {Answers::Kind::paragraphs, 'H'};
        case Protocol::at:
        case Protocol::nats:
            break;
    }
    return {Answers::Kind::none, '\0'};
}

Commands reports(Protocol protocol, bool settled) {
    const Fleet fleet(protocol, settled);
    return {[fleet](std::span<char> out, std::uint32_t client, std::int64_t posix_ns) {
                return fleet.report(out, client, posix_ns);
            },
            answers_in(protocol)};
}

Commands publications(Protocol protocol) {
    if (protocol != Protocol::geoadd) return reports(protocol);
    const Fleet lines(Protocol::at);
    const std::string head =
        "*3\r\n" + part("PUBLISH") + "$" + std::to_string(Fleet::name_size) + "\r\n";
    const auto write = [lines, head](std::span<char> out, std::uint32_t client, std::int64_t now) {
        std::array<char, Fleet::command_size_max> line;
        const std::size_t size = lines.report(line, client, now) - 1;  // Without its end.
        Script script(out);
        script.put(head).name(client).put("\r\n$").number(size).put("\r\n");
        return script.put({line.data(), size}).put("\r\n").size();
    };
    return {write, {Answers::Kind::lines, ':'}};
}

Commands subscriptions(Protocol protocol) {
    if (protocol != Protocol::iamat && protocol != Protocol::geoadd) {
        throw CannotMeasure("nobody can follow anything there");
    }
    const std::string head = protocol == Protocol::iamat ? "FOLLOW " : "SUBSCRIBE ";
    const auto write = [head](std::span<char> out, std::uint32_t client, std::int64_t) {
        return Script(out).put(head).name(client).put("\r\n").size();
    };
    return {write, {Answers::Kind::pushed, '\0'}};
}

Commands areas(const std::string& radius_km) {
    const auto write = [radius_km](std::span<char> out, std::uint32_t client, std::int64_t) {
        constexpr double millionth = 1e-6;
        const Place place = Population::place(client);
        std::array<char, 40> text;
        const int size = std::snprintf(text.data(),
                                       text.size(),
                                       "%+.6f%+.6f ",
                                       static_cast<double>(place.north) * millionth,
                                       static_cast<double>(place.east) * millionth);
        Script script(out);
        script.put("FOLLOW ").put({text.data(), static_cast<std::size_t>(size)}).put(radius_km);
        return script.put("\n").size();
    };
    return {write, {Answers::Kind::pushed, '\0'}};
}

Pushes pushes_in(Protocol protocol) {
    if (protocol == Protocol::iamat) return {1, 1};
    // An array of three texts; and one of two and a number.
    return {7, 6};
}

Commands searches(Protocol protocol, const std::string& radius_km, std::uint32_t bound) {
    if (protocol != Protocol::iamat && protocol != Protocol::geoadd) {
        throw CannotMeasure("it is asked for nobody who is near");
    }
    const Frame frame = frame_of(protocol, radius_km, std::to_string(bound));
    const auto write = [frame](std::span<char> out, std::uint32_t client, std::int64_t) {
        return Script(out).put(frame.head).name(client).put(frame.tail).size();
    };
    if (protocol == Protocol::iamat) return {write, {Answers::Kind::paragraphs, 'N'}};
    return {write, {Answers::Kind::arrays, '*'}};
}

}  // namespace bench
