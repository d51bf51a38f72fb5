#include "protocol/at_line.hpp"

#include "protocol/text_writer.hpp"

#include <cassert>
#include <cstring>

namespace protocol {

namespace {

// Writes one text behind the other, where all of them together are known to fit.
class Pen {
public:
    explicit Pen(std::span<char> out) : start_(out.data()), at_(out.data()) {}

    void put(std::string_view text) {
        std::memcpy(at_, text.data(), text.size());
        at_ += text.size();
    }
    std::string_view put_skew(std::int64_t nanoseconds) {
        const auto skew = format_skew({at_, skew_size_max}, nanoseconds);
        at_ += skew.size();
        return skew;
    }
    std::string_view text() const { return {start_, static_cast<std::size_t>(at_ - start_)}; }

private:
    char* start_;
    char* at_;
};

}  // namespace

AtLine write_at(std::span<char> out,
                std::string_view server,
                std::int64_t skew_ns,
                const IamAt& report) {
    assert(out.size() >= at_line_size_max(server, report));
    Pen pen(out);
    AtLine line = {server,
                   {},
                   report.client,
                   report.location,
                   report.time_text,
                   report.time,
                   skew_ns,
                   report.spot};
    pen.put(at_prefix);
    pen.put(server);
    pen.put(" ");
    line.skew_text = pen.put_skew(skew_ns);
    pen.put(" ");
    if (!report.tail.empty()) {
        pen.put(report.tail);
        line.tail = report.tail;
    } else {
        const std::size_t head = pen.text().size();
        pen.put(report.client);
        pen.put(" ");
        pen.put(report.location);
        pen.put(" ");
        pen.put(report.time_text);
        line.tail = pen.text().substr(head);
    }
    line.whole = pen.text();
    return line;
}

std::string_view format_at(std::span<char> out, const AtLine& line) {
    assert(out.size() >= at_line_size(line));
    Pen pen(out);
    pen.put(at_prefix);
    pen.put(line.server);
    for (const auto text : {line.skew_text, line.client, line.location, line.time_text}) {
        pen.put(" ");
        pen.put(text);
    }
    return pen.text();
}

std::string_view format_legacy(std::span<char> out,
                               std::string_view at_line,
                               std::string_view hop) {
    assert(out.size() >= legacy_message_size_max);
    TextWriter writer(out.first(legacy_message_size_max));
    writer.put(at_line);
    if (at_line.size() + 1 + hop.size() <= legacy_message_size_max) {
        writer.put(' ');
        writer.put(hop);
    }
    return writer.text();
}

std::string_view format_invalid(std::span<char> out, std::string_view line) {
    assert(out.size() >= invalid_size(line));
    TextWriter writer(out);
    writer.put("? ");
    writer.put(line);
    return writer.text();
}

}  // namespace protocol
