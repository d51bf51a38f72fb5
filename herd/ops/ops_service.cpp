#include "herd/ops/ops_service.hpp"

#include "herd/ops/family.hpp"
#include "herd/watch/status.hpp"
#include "protocol/text_writer.hpp"

#include <algorithm>
#include <cassert>

namespace herd::ops {

namespace {

// For who has typed the address alone.
constexpr std::string_view paths_text =
    "nothing is here, but\n"
    "/map                                  the live map\n"
    "/client/ID, /nearby, /follow          where clients are\n"
    "/iamat                                takes reports\n"
    "/healthz, /readyz, /metrics, /status  how this server is\n";

constexpr std::size_t buffer_size = std::max(metrics_size_max, watch::status_size_max);

// {"ready":false,"why":["Hands is not linked"]}
void write_json(bool ready, std::string_view lines, protocol::TextWriter& out) {
    out.put(ready ? R"({"ready":true,"why":[)" : R"({"ready":false,"why":[)");
    bool begins = true;
    for (const char byte : lines) {
        if (begins) out.put(out.text().ends_with('[') ? "\"" : ",\"");
        begins = byte == '\n';
        if (byte == '"' || byte == '\\') out.put('\\');
        out.put(begins ? '"' : byte);
    }
    out.put("]}\n");
}

}  // namespace

std::uint64_t OpsService::memory() {
    return buffer_size;
}

reactor::Result<void> OpsService::map() {
    auto buffer = reactor::PageArray<char>::map(buffer_size);
    if (!buffer) return std::unexpected(buffer.error());
    buffer_ = std::move(*buffer);
    return {};
}

void OpsService::on_request(http::Connection& connection, const http::Request& request) {
    if (request.method != http::Request::Method::get) {
        return connection.refuse(405, "Allow: GET, HEAD\r\n");
    }
    const std::string_view path = request.path();
    if (path == "/") {
        return connection.answer({.status = 404, .extra = http::no_store, .body = paths_text});
    }
    if (path == "/healthz") return connection.answer({.extra = http::no_store, .body = "ok\n"});
    target_.parse(request.target);
    Snapshot now;
    look_(now);
    readiness_.look(now.status);
    now.ready = readiness_.ready(now.status);
    if (path == "/readyz") return answer_ready(connection, now);
    if (path == "/metrics") return answer_metrics(connection, request, now);
    assert(path == "/status");
    answer_status(connection, request, now);
}

void OpsService::answer_ready(http::Connection& connection, const Snapshot& now) {
    const bool json = target_.find("json").has_value();
    const std::size_t half = buffer_.size() / 2;
    protocol::TextWriter text(buffer().first(half));
    if (now.ready) text.put("ready\n");
    const std::size_t head = text.size();
    readiness_.explain(now.status, text);
    protocol::TextWriter out(buffer().subspan(half));
    write_json(now.ready, text.text().substr(head), out);
    assert(!text.overflowed() && !out.overflowed());
    connection.answer({.status = now.ready ? 200U : 503U,
                       .type = json ? http::json_type : http::text_type,
                       .extra = http::no_store,
                       .body = json ? out.text() : text.text()});
}

void OpsService::answer_metrics(http::Connection& connection,
                                const http::Request& request,
                                const Snapshot& now) {
    if (!gate_.sees_all(connection, request)) return deny(connection, 401);
    connection.answer(
        {.type = metrics_type, .extra = http::no_store, .body = write_metrics(buffer(), now)});
}

void OpsService::answer_status(http::Connection& connection,
                               const http::Request& request,
                               const Snapshot& now) {
    if (!gate_.knows_host(request)) return deny(connection, 421);
    if (!gate_.sees_all(connection, request)) return deny(connection, 401);
    const std::string_view body = format_status(buffer(), now.status, gate_.audience(connection));
    connection.answer({.type = http::json_type, .extra = http::no_store, .body = body});
}

void OpsService::deny(http::Connection& connection, unsigned status) {
    ++denied_;
    connection.refuse(status, status == 401 ? "WWW-Authenticate: Bearer realm=\"herd\"\r\n" : "");
}

}  // namespace herd::ops
