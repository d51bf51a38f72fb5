#include "herd/http/target.hpp"

#include <algorithm>
#include <cassert>
#include <charconv>

namespace herd::http {
namespace {

// The byte that "%XY" in front stands for, or nothing.
std::optional<char> escaped_byte(std::string_view text) {
    if (text.size() < 3 || text[0] != '%') return std::nullopt;
    unsigned value = 0;
    const char* const end = text.data() + 3;
    const auto parsed = std::from_chars(text.data() + 1, end, value, 16);
    if (parsed.ec != std::errc{} || parsed.ptr != end) return std::nullopt;
    return static_cast<char>(value);
}

}  // namespace

std::string_view without_origin(std::string_view target) {
    for (const std::string_view scheme : {"http://", "https://"}) {
        if (!target.starts_with(scheme)) continue;
        return target.substr(std::min(target.find('/', scheme.size()), target.size()));
    }
    return target;
}

// Other than in a query, a plus is a plus.
std::string_view decode_path(std::span<char> out, std::string_view path) {
    assert(out.size() >= path.size());
    std::size_t size = 0;
    while (!path.empty()) {
        const auto byte = escaped_byte(path);
        out[size++] = byte ? *byte : path[0];
        path.remove_prefix(byte ? 3 : 1);
    }
    return {out.data(), size};
}

// What is decoded is never longer than what was sent.
void Target::parse(std::string_view target) {
    assert(target.size() <= size_max);
    parameter_count_ = 0;
    target = without_origin(target);
    const std::size_t path_end = std::min(target.find('?'), target.size());
    std::ranges::copy(target.substr(0, path_end), text_.begin());
    size_ = path_size_ = path_end;
    target.remove_prefix(path_end);
    while (!target.empty()) {
        assert(target.front() == '?' || target.front() == '&');
        target.remove_prefix(1);
        const std::size_t end = std::min(target.find('&'), target.size());
        if (end > 0) add_parameter(target.substr(0, end));
        target.remove_prefix(end);
    }
}

std::optional<std::string_view> Target::find(std::string_view name) const {
    for (std::size_t i = 0; i < parameter_count_; ++i) {
        if (view(parameters_[i].name) == name) return view(parameters_[i].value);
    }
    return std::nullopt;
}

void Target::add_parameter(std::string_view text) {
    if (parameter_count_ == parameters_max) return;
    const std::size_t equals = std::min(text.find('='), text.size());
    const Piece name = decode(text.substr(0, equals));
    const Piece value = decode(text.substr(std::min(equals + 1, text.size())));
    parameters_[parameter_count_++] = {name, value};
    assert(parameter_count_ <= parameters_max);
}

Target::Piece Target::decode(std::string_view text) {
    const std::size_t begin = size_;
    while (!text.empty()) {
        const auto byte = escaped_byte(text);
        text_[size_++] = byte ? *byte : text[0] == '+' ? ' ' : text[0];
        text.remove_prefix(byte ? 3 : 1);
    }
    assert(size_ <= size_max);
    return {static_cast<std::uint16_t>(begin), static_cast<std::uint16_t>(size_ - begin)};
}

}  // namespace herd::http
