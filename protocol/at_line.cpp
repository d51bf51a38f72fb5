#include "protocol/at_line.hpp"

#include "protocol/text_writer.hpp"

#include <array>
#include <cassert>

namespace protocol {

std::string_view format_at(std::span<char> out,
                           std::string_view server,
                           std::int64_t skew_ns,
                           const IamAt& report) {
    assert(out.size() >= at_line_size_max(server, report));
    std::array<char, skew_size_max> skew = {};
    return format_at(out,
                     AtLine{server,
                            format_skew(skew, skew_ns),
                            report.client,
                            report.location,
                            report.time_text,
                            report.time,
                            skew_ns});
}

std::string_view format_at(std::span<char> out, const AtLine& line) {
    assert(out.size() >= at_line_size(line));
    TextWriter writer(out);
    writer.put("AT ");
    writer.put(line.server);
    writer.put(' ');
    writer.put(line.skew_text);
    writer.put(' ');
    writer.put(line.client);
    writer.put(' ');
    writer.put(line.location);
    writer.put(' ');
    writer.put(line.time_text);
    assert(writer.size() == at_line_size(line));
    return writer.text();
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
