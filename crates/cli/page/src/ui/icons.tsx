// Icons of the views, 20 by 20.

const PATHS = {
  brand: "M3 5.500A2.500 2.500 0 0 1 5.500 3h9A2.500 2.500 0 0 1 17 5.500v6a2.500 2.500 0 0 1-2.500 2.500H9l-4 3.500V14A2.500 2.500 0 0 1 3 11.500zM7 7h6M7 10h4",
  traffic: "M3 7h12m0 0-3-3m3 3-3 3M17 13H5m0 0 3-3m-3 3 3 3",
  commands: "M4 5l4 4-4 4M10 14h6",
  state: "M10 3c4 0 6 1.200 6 2.500S14 8 10 8 4 6.800 4 5.500 6 3 10 3zM4 5.500v9C4 15.800 6 17 10 17s6-1.200 6-2.500v-9M4 10c0 1.300 2 2.500 6 2.500s6-1.200 6-2.500",
  webhooks: "M10 6a2.500 2.500 0 1 0-2 2.400L5.500 13M8 8.400a2.500 2.500 0 0 0 2-2.400l3 5M5 17a2.300 2.300 0 1 0 0-4.600M7 14.800h6.500M14.500 17a2.500 2.500 0 1 0-1.500-4.500",
  usersig: "M12.500 3a4.500 4.500 0 1 1-3.800 6.900L3 15.500V17h3v-2h2v-2h1.500l1-1M13.500 6.500h.01",
  faults: "M10 3l7.500 13.500h-15zM10 8v4M10 14.500h.01",
  quotas: "M3.500 14a7 7 0 1 1 13 0M10 12l3-4",
} as const;

/** The available icons. */
export type IconName = keyof typeof PATHS;

/** An icon. It is decorative: the text next to it says the same. */
export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" fill="none" stroke="currentColor" stroke-width="1.600" stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
