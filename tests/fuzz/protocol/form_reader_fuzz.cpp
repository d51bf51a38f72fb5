// Forms and queries: however one is cut, it has the same fields, and they are those that a reader
// finds which has all of it at once.
#include "protocol/form_reader.hpp"

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <string>
#include <string_view>

namespace form_reader_fuzz {

namespace {

using protocol::FormReader;

std::string decoded(std::string_view text) {
    constexpr std::string_view digits = "0123456789abcdef0123456789ABCDEF";
    const auto value = [&](char byte) { return digits.find(byte); };
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '%' && i + 2 < text.size() &&
                             value(text[i + 1]) != std::string_view::npos &&
                             value(text[i + 2]) != std::string_view::npos;
        if (escaped) {
            const auto byte = value(text[i + 1]) % 16 * 16 + value(text[i + 2]) % 16;
            out += static_cast<char>(byte);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

void tell(std::string& all, std::string_view name, std::string_view value, bool cut) {
    all.append(name).append("\n").append(value).append(cut ? "\n!" : "\n.").append("\n");
}

std::string model(std::string_view form) {
    std::string all;
    while (true) {
        const std::size_t end = std::min(form.find('&'), form.size());
        const std::string_view field = form.substr(0, end);
        if (!field.empty()) {
            const std::size_t equals = std::min(field.find('='), field.size());
            const std::string name = decoded(field.substr(0, equals));
            const std::string value = decoded(field.substr(std::min(equals + 1, field.size())));
            tell(all,
                 std::string_view(name).substr(0, FormReader::name_max),
                 std::string_view(value).substr(0, FormReader::value_max),
                 name.size() > FormReader::name_max || value.size() > FormReader::value_max);
        }
        if (end == form.size()) return all;
        form.remove_prefix(end + 1);
    }
}

std::string read(std::string_view form, std::size_t piece) {
    FormReader reader;
    std::string all;
    while (!form.empty()) {
        const auto fed = reader.feed(form.substr(0, piece));
        assert(fed.consumed > 0);
        form.remove_prefix(fed.consumed);
        if (fed.field) tell(all, reader.name(), reader.value(), reader.cut());
    }
    if (reader.finish()) tell(all, reader.name(), reader.value(), reader.cut());
    return all;
}

}  // namespace

void one_input(const std::uint8_t* data, std::size_t size) {
    const std::string_view form(reinterpret_cast<const char*>(data), size);
    const std::string wanted = model(form);
    assert(read(form, 1) == wanted);
    assert(read(form, 1 + size % 7) == wanted);
    assert(read(form, size + 1) == wanted);
}

}  // namespace form_reader_fuzz
