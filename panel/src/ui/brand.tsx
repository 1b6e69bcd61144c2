// A tenant's logo, or its initial where there is none or it does not load; and its name.
import { useState } from 'preact/hooks';

export function BrandMark({ name, logo }: { name: string; logo: string | null | undefined }) {
  const [broken, setBroken] = useState<string>(); // the address that does not load
  return (
    <span class="brand">
      {logo && logo !== broken
        ? <img src={logo} alt="" referrerpolicy="no-referrer" onError={() => setBroken(logo)} />
        : <span class="brand-mark" aria-hidden="true">{name.charAt(0)}</span>}
      <b>{name}</b>
    </span>
  );
}
