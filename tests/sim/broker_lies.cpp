// What a fake broker says that is not so.
#include "tests/sim/broker_host.hpp"

#include <array>
#include <iterator>

namespace sim {

namespace {

std::string message(const std::string& subject,
                    const std::string& sid,
                    const std::string& reply,
                    const std::string& payload) {
    return "MSG " + subject + " " + sid + " " + reply + (reply.empty() ? "" : " ") +
           std::to_string(payload.size()) + "\r\n" + payload + "\r\n";
}

}  // namespace

// An answer of JetStream's, as somebody might have it who is not to be believed.
std::string BrokerHost::garbled(std::string answer) {
    switch (random_.below(7)) {
        case 0:
            return answer.substr(0, random_.below(answer.size() + 1));
        case 1:
            return "";
        case 2:
            return R"({"error":{"code":500,"err_code":)" + std::to_string(random_.below(20'000)) +
                   R"(,"description":"so it is"}})";
        case 3:
            // Digits are others.
            for (char& each : answer) {
                const bool digit = each >= '0' && each <= '9';
                if (digit) each = static_cast<char>('0' + random_.below(10));
            }
            return answer;
        case 4:
            return R"({"stream":"KV_x","seq":)" + std::to_string(random_.bits()) + "}";
        case 5:
            return R"({"created":"then","name":"C0","num_pending":9223372036854775807,)"
                   R"("state":{"messages":0,"last_seq":18446744073709551615}})";
        default:
            return answer + answer;
    }
}

// In a consumer's name, next to what would be true.
std::string BrokerHost::pushed_lie() {
    if (consumers_.empty()) return "+OK\r\n";
    Consumer& consumer = *std::next(consumers_.begin(),
                                    static_cast<std::ptrdiff_t>(random_.below(consumers_.size())));
    const FakeBucket* const bucket = stream(consumer.stream);
    std::string subject = "$KV.x.5a.cnobody";
    std::string payload = "AT nobody";
    if (bucket != nullptr && !bucket->messages().empty()) {
        const auto& messages = bucket->messages();
        const auto some = [&] {
            const auto place = static_cast<std::ptrdiff_t>(random_.below(messages.size()));
            return std::next(messages.begin(), place)->second;
        };
        subject = some().subject;
        // Of another subject, perhaps, or a part.
        payload = some().payload;
        if (random_.chance(30)) payload.resize(random_.below(payload.size() / 2 + 1));
    }
    if (random_.chance(10)) payload = std::string(1 + random_.below(200), '\xff');
    const std::uint64_t numbers[] = {consumer.count + 1,
                                     consumer.count,
                                     consumer.count + 2,
                                     random_.bits() >> random_.below(64)};
    const std::uint64_t count = numbers[random_.below(std::size(numbers))];
    const std::string reply = "$JS.ACK." + consumer.stream + "." + consumer.name + ".1." +
                              std::to_string(random_.bits() >> (1 + random_.below(63))) + "." +
                              std::to_string(count) + ".0." + std::to_string(random_.below(3));
    for (Connection& each : connections_) {
        for (const auto& [sid, filter] : each.filters) {
            if (takes(filter, consumer.deliver)) return message(subject, sid, reply, payload);
        }
    }
    return "PING\r\n";
}

std::string BrokerHost::invented(Connection& connection) {
    constexpr std::array errors = {"Permissions Violation for Publish to \"$KV.x.5a.c1\"",
                                   "Stale Connection",
                                   "Slow Consumer",
                                   "Authorization Violation",
                                   "maximum connections exceeded",
                                   "Invalid Subject",
                                   "so it is"};
    const auto sid =
        connection.filters.empty()
            ? std::string("1")
            : std::next(connection.filters.begin(),
                        static_cast<std::ptrdiff_t>(random_.below(connection.filters.size())))
                  ->first;
    const std::string reply = connection.replies.empty()
                                  ? "_INBOX.x.1"
                                  : connection.replies[random_.below(connection.replies.size())];
    switch (random_.below(9)) {
        case 0:
            return std::string("-ERR '") + errors[random_.below(errors.size())] + "'\r\n";
        case 1:
            return R"(INFO {"server_id":"N)" + std::to_string(random_.below(9)) +
                   R"(","max_payload":)" + std::to_string(1 + random_.below(100'000)) +
                   (random_.chance(30) ? ",\"ldm\":true" : "") +
                   (random_.chance(30) ? R"(,"connect_urls":["127.0.0.1:9","x:y",""])" : "") +
                   "}\r\n";
        case 2:
            return random_.chance(50) ? "PONG\r\n" : "+OK\r\n";
        case 3:
            return message(reply, "1", "", garbled(R"({"stream":"KV_x","seq":77})"));
        case 4:
            return message(reply, sid, "$KV.x.5a.c1", R"({"stream":"KV_x","seq":1})");
        case 5: {
            // Whoever answers it as it says writes nothing over something.
            std::string stalled = "$KV.x.5a.c1";
            for (const auto& [name, bucket] : streams_) {
                if (!bucket.messages().empty()) stalled = bucket.messages().begin()->second.subject;
            }
            const std::string headers =
                "NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: " +
                std::to_string(random_.below(50)) +
                "\r\nNats-Last-Stream: " + std::to_string(random_.below(500)) +
                "\r\nNats-Consumer-Stalled: " + stalled + "\r\n\r\n";
            std::string deliver = "_INBOX.x.y.1";
            for (const Consumer& each : consumers_) deliver = each.deliver;
            const std::string size = std::to_string(headers.size());
            return "HMSG " + deliver + " " + sid + " " + size + " " + size + "\r\n" + headers +
                   "\r\n";
        }
        case 6:
            return "MSG " + std::string(random_.below(300), 's') + " 99999999999999999999 x\r\n";
        default:
            return pushed_lie();
    }
}

std::string BrokerHost::lie() {
    if (!runs() || connections_.empty()) return "says nothing";
    kernel_.enter(host_);
    const auto connection = some_connection();
    const std::string lie = invented(*connection);
    say(*connection, lie);
    if (!send(*connection)) close(connection);
    return "says " + lie.substr(0, lie.find('\r'));
}

}  // namespace sim
