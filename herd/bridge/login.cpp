#include "herd/bridge/login.hpp"

#include "herd/secret_file.hpp"
#include "protocol/nats_writer.hpp"

#include <algorithm>
#include <string_view>
#include <utility>

namespace herd::bridge {

namespace {

Outcome<std::string> read_secret(const std::string& path) {
    if (path.empty()) return {};
    const std::string what = "file " + path;
    SecretRoom<protocol::nats::Login::text_max + 3> room;
    const auto text = read_secret_file(path, false, room.bytes);
    if (!text) return failure(what, why_unread(text.error()));
    std::string_view line = *text;
    if (line.ends_with('\n')) line.remove_suffix(1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool plain = std::ranges::all_of(line, [](char byte) { return byte >= ' ' || byte < 0; });
    if (line.empty() || !plain || line.size() > protocol::nats::Login::text_max) {
        return failure(what,
                       "must hold one line of 1 to " +
                           std::to_string(protocol::nats::Login::text_max) + " bytes");
    }
    return std::string(line);
}

}  // namespace

Outcome<Login> read_login(const config::Bridge& config) {
    auto password = read_secret(config.password_file);
    if (!password) return failure("bridge.password_file", password.error());
    auto token = read_secret(config.token_file);
    if (!token) return failure("bridge.token_file", token.error());
    return Login{std::move(*password), std::move(*token)};
}

}  // namespace herd::bridge
