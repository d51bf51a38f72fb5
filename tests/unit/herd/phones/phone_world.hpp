#pragma once

#include "tests/unit/herd/web/web_world.hpp"

#include <cstdint>
#include <string>

// Whole servers with a port for phones, and phones.
namespace herd::phone_world {

using namespace web_world;

inline constexpr std::uint16_t phone_port = 1300;
inline constexpr std::int64_t start_s = 1'767'225'600;  // 2026-01-01, when the clocks begin

inline config::Config with_phones() {
    config::Config config = herd_of_two();
    config.servers[0].phones = reactor::Address{{0, 0, 0, 0}, false, phone_port};
    config.limits.phone_connections = 8;
    return config;
}

inline config::Config with_tokens() {
    config::Config config = with_phones();
    config.access.secret_file = "secret";
    config.access.in_the_clear = true;
    return config;
}

// The position at which a server says that a client was, and when.
inline std::string where(const Server& server, const std::string& client) {
    const table::Record* const record = server.table().find(client);
    if (record == nullptr) return "nowhere";
    const std::string line(server.table().line(*record));
    return line.substr(line.find(' ' + client + ' ') + client.size() + 2);
}

// A position as an app's URL says it, and as an AT line does.
inline const std::string query = "lat=52.5163&lon=13.3777&timestamp=1767225000";
inline const std::string place = "+52.5163+013.3777 1767225000";

inline std::string phone_get(const std::string& target, const std::string& headers = "") {
    return "GET " + target + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

inline std::string post(const std::string& target,
                        const std::string& body,
                        const std::string& headers = "") {
    return "POST " + target + " HTTP/1.1\r\nHost: a\r\n" + headers +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

inline std::string json(const std::string& target, const std::string& body) {
    return post(target, body, "Content-Type: application/json\r\n");
}

// All that a phone is answered which then ends its side.
inline std::string say(World& world, const std::string& request, bool from_afar = false) {
    const int fd = from_afar ? world.connect_from(7, phone_port) : world.connect(phone_port);
    world.say(fd, request);
    world.run(1ms);
    std::string heard = world.hear(fd);
    world.kernel.enter(visitors);
    world.kernel.close(fd);
    world.run(1ms);
    return heard;
}

inline std::string code_of(const std::string& answer) {
    return answer.substr(std::string_view("HTTP/1.1 ").size(), 3);
}

// "200 []": the status and the body.
inline std::string told(World& world, const std::string& request, bool from_afar = false) {
    const std::string answer = say(world, request, from_afar);
    return code_of(answer) + " " + body_of(answer);
}

}  // namespace herd::phone_world
