-- Argo CD's health of a LiveStream (resource.customizations.health.api.video_LiveStream).
-- It follows the conditions as kstatus does. Only base functions are used:
-- Argo CD gives health checks no string library.
local function health(status, message)
  return { status = status, message = message }
end

local conditions = {}
if obj.status ~= nil and obj.status.conditions ~= nil then
  for _, condition in ipairs(obj.status.conditions) do
    conditions[condition.type] = condition
  end
end
local ready = conditions.Ready
local message = "Waiting for the operator"
if ready ~= nil and ready.message ~= nil and ready.message ~= "" then
  message = ready.reason .. ": " .. ready.message
elseif ready ~= nil then
  message = ready.reason
end

if obj.metadata.deletionTimestamp ~= nil then
  return health("Progressing", "Deleting: " .. message)
end
if ready == nil then
  return health("Progressing", message)
end
-- What is said of an older manifest says nothing of this one.
local observed = ready.observedGeneration or obj.status.observedGeneration
if obj.metadata.generation ~= nil and observed ~= obj.metadata.generation then
  return health("Progressing", "Waiting for the operator to see the latest manifest")
end
if ready.status == "True" then
  return health("Healthy", message)
end
if ready.reason == "Suspended" then
  return health("Suspended", message)
end
if conditions.Stalled ~= nil and conditions.Stalled.status == "True" then
  return health("Degraded", message)
end
if conditions.Reconciling ~= nil and conditions.Reconciling.status == "True" then
  return health("Progressing", message)
end
-- Neither Ready nor under way: drift that is reported and left (driftPolicy: Report).
return health("Degraded", message)
