#include "bench/result.hpp"

#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <iomanip>
#include <sstream>

namespace bench {

namespace {

using Writer = rapidjson::Writer<rapidjson::StringBuffer>;

constexpr std::pair<const char*, double> quantiles[] = {
    {"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"p99.9", 0.999}};

void write(Writer& out, const std::string& text) {
    out.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
}

void write(Writer& out, const Histogram& histogram) {
    out.StartObject();
    out.Key("count");
    out.Uint64(histogram.count());
    out.Key("mean");
    out.Double(histogram.mean());
    for (const auto& [name, share] : quantiles) {
        out.Key(name);
        out.Uint64(histogram.quantile(share));
    }
    out.Key("max");
    out.Uint64(histogram.max());
    out.Key("buckets");
    out.StartArray();
    histogram.for_each_bucket([&out](std::uint64_t value, std::uint64_t count) {
        out.StartArray();
        out.Uint64(value);
        out.Uint64(count);
        out.EndArray();
    });
    out.EndArray();
    out.EndObject();
}

void write(Writer& out, const Result::Server& server) {
    out.StartObject();
    out.Key("name");
    write(out, server.name);
    out.Key("cpu_ns");
    out.Int64(server.cpu_ns);
    out.Key("rss_bytes");
    out.Int64(server.resident_bytes);
    out.EndObject();
}

double microseconds(std::uint64_t ns) {
    return static_cast<double>(ns) / 1000;
}

}  // namespace

std::string Result::json() const {
    rapidjson::StringBuffer buffer;
    Writer out(buffer);
    out.StartObject();
    out.Key("scenario");
    write(out, scenario);
    out.Key("system");
    write(out, system);
    out.Key("options");
    out.StartObject();
    for (const auto& [name, value] : options) {
        write(out, name);
        write(out, value);
    }
    out.EndObject();
    out.Key("seconds");
    out.Double(seconds);
    out.Key("figures");
    out.StartObject();
    for (const auto& [name, value] : figures) {
        write(out, name);
        out.Double(value);
    }
    out.EndObject();
    out.Key("latency");
    out.StartObject();
    for (const auto& [name, histogram] : latency) {
        write(out, name);
        write(out, histogram);
    }
    out.EndObject();
    out.Key("servers");
    out.StartArray();
    for (const Server& server : servers) write(out, server);
    out.EndArray();
    out.EndObject();
    return {buffer.GetString(), buffer.GetSize()};
}

std::string Result::summary() const {
    std::ostringstream text;
    text << std::fixed << std::setprecision(1) << scenario << " against " << system << "\n";
    for (const auto& [name, value] : figures) {
        text << "  " << std::left << std::setw(30) << name << std::right << std::setw(16) << value
             << "\n";
    }
    if (latency.empty()) return text.str();
    text << "  " << std::left << std::setw(20) << "latency in us" << std::right << std::setw(11)
         << "count";
    for (const auto& quantile : quantiles) text << std::setw(10) << quantile.first;
    text << std::setw(10) << "max"
         << "\n";
    for (const auto& [name, times] : latency) {
        text << "  " << std::left << std::setw(20) << name << std::right << std::setw(11)
             << times.count();
        for (const auto& quantile : quantiles) {
            text << std::setw(10) << microseconds(times.quantile(quantile.second));
        }
        text << std::setw(10) << microseconds(times.max()) << "\n";
    }
    return text.str();
}

std::string shown(double value) {
    std::ostringstream text;
    text << value;
    return text.str();
}

}  // namespace bench
