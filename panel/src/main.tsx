import { render } from 'preact';
import { useEffect } from 'preact/hooks';
import { Shell } from './app/shell';
import { start, useSession } from './app/session';
import { startTheme } from './app/theme';
import { SignIn } from './pages/sign_in';
import { Trouble } from './ui/basics';
import './style/index.css';

function Panel() {
  const { state, problem } = useSession();
  useEffect(() => { void start(); }, []);
  switch (state) {
    case 'starting':
      return <div class="gate" role="status" aria-label="Loading" />;
    case 'failed':
      return <main class="gate"><div class="gate-box">{problem && <Trouble problem={problem} retry={() => void start()} />}</div></main>;
    case 'signed-out':
      return <SignIn />;
    default:
      return <Shell />;
  }
}

startTheme();
render(<Panel />, document.getElementById('panel') as HTMLElement);
