#include "protocol/nats_info.hpp"

#include "protocol/json_walk.hpp"

namespace protocol::nats {

namespace {

void take(BrokerInfo& info, const JsonLeaf& leaf) {
    if (leaf.is_text("server_id")) info.server_id.assign(leaf.text);
    if (leaf.is_text("version")) info.version.assign(leaf.text);
    if (leaf.is_text("connect_urls")) info.add_url(leaf.text);
    if (const auto size = leaf.number("max_payload")) info.max_payload = *size;
    if (const auto holds = leaf.truth("headers")) info.headers = *holds;
    if (const auto holds = leaf.truth("jetstream")) info.jetstream = *holds;
    if (const auto holds = leaf.truth("auth_required")) info.auth_required = *holds;
    if (const auto holds = leaf.truth("tls_required")) info.tls_required = *holds;
    if (const auto holds = leaf.truth("tls_available")) info.tls_available = *holds;
    if (const auto holds = leaf.truth("ldm")) info.lame_duck = *holds;
}

}  // namespace

std::optional<BrokerInfo> parse_info(std::string_view json) {
    BrokerInfo info;
    if (!walk_json(json, [&](const JsonLeaf& leaf) { take(info, leaf); })) return std::nullopt;
    if (info.server_id.empty() || info.max_payload == 0) return std::nullopt;
    return info;
}

}  // namespace protocol::nats
