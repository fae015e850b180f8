-- wrk's half of bench/load.py.
-- Arguments: METHOD KEY BODY PATH...  The paths are taken in turn; `{n}` in the body becomes the number of the request.

local method, body
local headers = {}
local paths = {}
local sent = 0

function init(args)
  method = args[1]
  body = args[3]
  if args[2] ~= "" then headers["Authorization"] = "Bearer " .. args[2] end
  if body == "" then
    body = nil
  else
    headers["Content-Type"] = "application/json"
  end
  for place = 4, #args do paths[#paths + 1] = args[place] end
end

function request()
  sent = sent + 1
  local path = paths[sent % #paths + 1]
  if body == nil then return wrk.format(method, path, headers) end
  return wrk.format(method, path, headers, (body:gsub("{n}", sent)))
end

function done(summary, latency)
  local errors = summary.errors
  io.write(string.format(
    '\n{"requests": %d, "seconds": %.6f, "p50_ms": %.3f, "p99_ms": %.3f, "errors": %d}\n',
    summary.requests, summary.duration / 1e6,
    latency:percentile(50) / 1e3, latency:percentile(99) / 1e3,
    errors.connect + errors.read + errors.write + errors.status + errors.timeout))
end
